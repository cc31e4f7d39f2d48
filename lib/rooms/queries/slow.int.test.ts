import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ask as askQuestion, askMeasured } from '@/test/ask';
import { majors, useDatabase, type TestDatabase } from '@/test/database';

const main = await useDatabase();
const byMajor = new Map(await Promise.all(majors.map(async (major) => [major, major === 18 ? main : await useDatabase({ major })] as const)));
const notLoaded = await useDatabase({ settings: { shared_preload_libraries: null } });
const evicting = await useDatabase({ settings: { 'pg_stat_statements.max': '100' } });
const trackNone = await useDatabase({ settings: { 'pg_stat_statements.track': 'none' } });
const noQueryId = await useDatabase({ settings: { compute_query_id: 'off' } });
const [absent, otherSchema, outdated] = await Promise.all([useDatabase(), useDatabase(), useDatabase()]);

const named: Record<string, TestDatabase> = { absent, 'not-loaded': notLoaded, 'other-schema': otherSchema, outdated, 'track-none': trackNone, 'no-query-id': noQueryId, evicting };

const targets = [
  ...[...byMajor].filter(([major]) => major !== 18).map(([major, db]) => `pg${major}=${db.url('monitor')}`),
  ...Object.entries(named).map(([name, db]) => `${name}=${db.url('monitor')}`),
  `bare=${main.url('app')}`,
];
process.env.TARGETS = targets.join(' ');

const { closeMonitors } = await import('@/lib/run/monitor');

afterAll(closeMonitors);

const ask = (target: string, query: Record<string, string> = {}) => askQuestion('queries.slow', { target, ...query });
const measured = (target: string, query: Record<string, string> = {}) => askMeasured('queries.slow', { target, ...query });

const targetOf = (major: number) => (major === 18 ? 'main' : `pg${major}`);

describe.each([...byMajor])('on PostgreSQL %i', (major, db) => {
  beforeAll(async () => {
    const app = await db.connect('app');
    for (let call = 0; call < 3; call += 1) await app.query('select 42 as planted_slow, pg_sleep(0.13)');
    for (let call = 0; call < 5; call += 1) await app.query('select 43 as planted_quick');
  });

  test('shows a planted slow statement with its calls and mean, and not the quick one', async () => {
    const { rows } = await measured(targetOf(major), { q: 'planted_' });
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ calls: 3, usr: 'riskdesk_app', row_count: 3, toplevel: true });
    expect(rows[0]?.query).toContain('planted_slow');
    expect(rows[0]?.mean_ms).toBeGreaterThan(129);
    expect(rows[0]?.total_ms).toBeCloseTo(Number(rows[0]?.mean_ms) * 3, 3);
    expect(Number(rows[0]?.share_ratio)).toBeGreaterThan(0);
    expect(Number(rows[0]?.share_ratio)).toBeLessThanOrEqual(1);
  });

  test('finds it, with the figures as evidence', async () => {
    const { findings } = await measured(targetOf(major), { q: 'planted_slow' });
    expect(findings).toEqual([expect.objectContaining({ code: 'queries.slow', about: expect.stringContaining('planted_slow'), evidence: expect.objectContaining({ calls: 3 }) })]);
  });

  test('with a lower threshold the quick one is there too, sorted as asked', async () => {
    const { rows } = await measured(targetOf(major), { q: 'planted_', min_mean_ms: '0', sort: '-calls' });
    expect(rows.map((row) => row.calls)).toEqual([5, 3]);
  });

  test('leaves the console’s own diagnostics out and says since when it counts', async () => {
    await measured(targetOf(major), { min_mean_ms: '0', q: 'pg_stat_statements' });
    const { rows, stats_since: since, context } = await measured(targetOf(major), { min_mean_ms: '0', limit: '1000' });
    expect(rows.filter((row) => String(row.query).includes('riskdesk:'))).toEqual([]);
    expect(Date.parse(since ?? '')).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(context).toMatchObject({ evicted: 0, hidden: 0, io_timed: true });
  });

  test('masks the password of a utility statement (F13)', async () => {
    await db.sql(`create role planted_role_${major} password 'canary-in-clear'`);
    const { rows } = await measured(targetOf(major), { min_mean_ms: '0', q: `planted_role_${major}` });
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain('canary');
    await db.sql(`drop role planted_role_${major}`);
  });
});

describe('F5: pg_stat_statements in every state it can be in', () => {
  beforeAll(async () => {
    await absent.sql('drop extension pg_stat_statements');
    await otherSchema.sql('create schema "Stat ""x""" ');
    await otherSchema.sql('grant usage on schema "Stat ""x""" to public');
    await otherSchema.sql('alter extension pg_stat_statements set schema "Stat ""x"""');
    await outdated.sql('drop extension pg_stat_statements');
    await outdated.sql("create extension pg_stat_statements version '1.7'");
    const client = await evicting.connect('app');
    for (let column = 0; column < 400; column += 1) await client.query(`select 1 as "evict_${column}"`);
  });

  test.each([
    ['absent', 'extension_missing', 'CREATE EXTENSION pg_stat_statements'],
    ['not-loaded', 'extension_not_loaded', 'shared_preload_libraries'],
    ['outdated', 'extension_outdated', 'ALTER EXTENSION pg_stat_statements UPDATE'],
    ['track-none', 'setting', 'pg_stat_statements.track'],
    ['no-query-id', 'setting', 'compute_query_id'],
  ])('F5 %s: unmeasured, with the statement to run', async (target, code, remedy) => {
    const result = await ask(target);
    expect(result).toMatchObject({ state: 'unmeasured', reason: { code }, remedy: { sql: expect.stringContaining(remedy) } });
  });

  test('F5 other schema: measured', async () => {
    expect((await ask('other-schema')).state).toBe('measured');
  });

  test('F5 evicting: measured, and says that entries are missing', async () => {
    const { context, findings } = await measured('evicting');
    expect(Number(context?.evicted)).toBeGreaterThan(0);
    expect(findings.map((finding) => finding.code)).toContain('queries.evicted');
  });

  test('a role without pg_monitor: measured, and says what is hidden', async () => {
    const { findings } = await measured('bare');
    expect(findings.map((finding) => finding.code)).toContain('queries.hidden');
  });
});
