import 'server-only';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { appPool } from '@/lib/db/client';
import { observeQueries } from '@/lib/pg/client';
import { monitorRows } from './monitor';
import { sql } from '@/lib/pg/sql';

/** The label `table` has these values and `other`: a partition counts as its parent, and no label grows without bound. */
const tables = ['risk_assessments', 'risk_factors', 'predictions', 'compliance_checks', 'users', 'sessions', 'accounts', 'api_tokens', 'audit_log', 'rate_limits'];
const queryTypes = ['select', 'insert', 'update', 'delete'];

type Metrics = { registry: Registry; observe: (text: string, ms: number, failed: boolean) => void };

const shared = globalThis as typeof globalThis & { riskdeskMetrics?: Metrics };

const tablePattern = new RegExp(`\\b(${tables.join('|')})(?:_\\d{4}_\\d{2})?\\b`);

/** Query type and table of a statement of ours, from its text. */
export function classify(text: string): { query_type: string; table: string } {
  const word = /^\s*(?:\/\*.*?\*\/\s*)?(\w+)/.exec(text.slice(0, 200))?.[1]?.toLowerCase() ?? '';
  const type = word === 'with' ? (/\b(insert|update|delete)\b/i.exec(text.slice(0, 4000))?.[1]?.toLowerCase() ?? 'select') : word;
  return { query_type: queryTypes.includes(type) ? type : 'other', table: tablePattern.exec(text.slice(0, 4000))?.[1] ?? 'other' };
}

function create(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const duration = new Histogram({
    name: 'database_query_duration_seconds',
    help: 'Duration of the statements of this console, as its process saw them',
    labelNames: ['query_type', 'table'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const count = new Counter({ name: 'database_queries_total', help: 'Statements of this console', labelNames: ['query_type', 'table', 'status'], registers });
  new Gauge({ name: 'database_connections', help: 'Open connections of the application pool', registers, collect() { this.set(appPool().figures().open); } });
  poolMetrics(registers);
  serverMetrics(registers);
  return {
    registry,
    observe: (text, ms, failed) => {
      const labels = classify(text);
      duration.observe(labels, ms / 1000);
      count.inc({ ...labels, status: failed ? 'error' : 'success' });
    },
  };
}

function poolMetrics(registers: Registry[]): void {
  new Gauge({
    name: 'database_pool_connections', help: 'Connections of the application pool by state', labelNames: ['state'], registers,
    collect() {
      const { inUse, idle, waiting } = appPool().figures();
      this.set({ state: 'in_use' }, inUse);
      this.set({ state: 'idle' }, idle);
      this.set({ state: 'waiting' }, waiting);
    },
  });
  new Counter({ name: 'database_pool_waits_total', help: 'Times that a request had to wait for a connection', registers, collect() { this.reset(); this.inc(appPool().figures().waits); } });
  new Counter({ name: 'database_pool_wait_seconds_total', help: 'Time that requests waited for a connection', registers, collect() { this.reset(); this.inc(appPool().figures().waitMs / 1000); } });
}

type ServerCounters = { datname: string; transactions: number; deadlocks: number; size_bytes: number };

const counters = sql`
  select datname, xact_commit + xact_rollback as transactions, deadlocks, pg_database_size(datname) as size_bytes
  from pg_stat_database where datname = current_database()`;

let asked: { at: number; row: Promise<ServerCounters | undefined> } | undefined;

/** One query a scrape, whichever metric asks first; undefined while the server does not answer. */
function serverCounters(): Promise<ServerCounters | undefined> {
  if (!asked || Date.now() - asked.at > 1000) {
    const row = monitorRows<ServerCounters>('main', counters).then(([first]) => first, () => undefined);
    asked = { at: Date.now(), row };
  }
  return asked.row;
}

/** A counter of the server is absolute: each scrape exports the value itself, and a drop is a reset to rate(). */
const exported = (pick: (row: ServerCounters) => number) =>
  async function collect(this: Counter | Gauge): Promise<void> {
    const row = await serverCounters();
    this.reset();
    if (row) this.inc({ datname: row.datname }, pick(row));
  };

function serverMetrics(registers: Registry[]): void {
  const labelNames = ['datname'];
  new Gauge({ name: 'database_up', help: 'Whether this scrape could ask the server', registers, async collect() { this.set((await serverCounters()) ? 1 : 0); } });
  new Counter({ name: 'database_transactions_total', help: 'Transactions of the database, committed and rolled back', labelNames, registers, collect: exported((row) => row.transactions) });
  new Counter({ name: 'database_deadlocks_total', help: 'Deadlocks that the server detected in the database', labelNames, registers, collect: exported((row) => row.deadlocks) });
  new Gauge({ name: 'database_size_bytes', help: 'Size of the database', labelNames, registers, collect: exported((row) => row.size_bytes) });
}

function metrics(): Metrics {
  shared.riskdeskMetrics ??= create();
  return shared.riskdeskMetrics;
}

/** Counts every statement of this process from now on. */
export function startMetrics(): void {
  observeQueries((text, ms, failed) => metrics().observe(text, ms, failed));
}

/** The exposition in Prometheus's text format. */
export const exposition = async (): Promise<{ text: string; type: string }> => ({ text: await metrics().registry.metrics(), type: metrics().registry.contentType });
