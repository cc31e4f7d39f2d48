import 'server-only';
import { targetNames } from './monitor';
import { serverFacts } from './server';

export type TargetView = { name: string; reachable: boolean; version: string | null; inRecovery: boolean | null; lacks: string[] };

/** Every observed database, asked at once; one that is away is listed as such. */
export const describeTargets = (): Promise<TargetView[]> => Promise.all(targetNames().map(describe));

async function describe(name: string): Promise<TargetView> {
  try {
    const facts = await serverFacts(name);
    const lacks: string[] = [];
    if (!facts.isMonitor) lacks.push('membership in pg_monitor');
    if (!facts.extensions.has('pg_stat_statements')) lacks.push('extension pg_stat_statements');
    else if (!facts.settings.has('pg_stat_statements.max')) lacks.push('pg_stat_statements in shared_preload_libraries');
    return { name, reachable: true, version: `${facts.major}.${facts.versionNum % 10_000}`, inRecovery: facts.inRecovery, lacks };
  } catch {
    return { name, reachable: false, version: null, inRecovery: null, lacks: [] };
  }
}
