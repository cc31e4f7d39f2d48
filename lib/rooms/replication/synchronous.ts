import type { Finding } from '@/lib/kit/finding';

/** How many synchronous replicas a commit waits for: `FIRST 2 (a, b)`, `ANY 1 (a, b)`, `2 (a, b)`, or a list, which means one. */
export function awaited(names: string): number {
  const text = names.trim();
  if (text === '') return 0;
  const counted = /^(?:first\s+|any\s+)?(\d+)\s*\(/i.exec(text);
  return counted ? Number(counted[1]) : 1;
}

type Commits = { synchronous: number; sync_names: string; sync_commit: string };

export function missingSync({ synchronous, sync_names: names, sync_commit: commit }: Commits): Finding[] {
  const needed = awaited(names);
  if (synchronous >= needed) return [];
  const waits = !['off', 'local'].includes(commit);
  return [{
    code: 'replication.sync_missing',
    severity: waits ? 'critical' : 'warning',
    about: 'synchronous_standby_names',
    says: `Commits wait for ${needed} synchronous ${needed === 1 ? 'replica' : 'replicas'} and ${synchronous === 0 ? 'none is' : `only ${synchronous} are`} connected${waits ? ': every commit hangs until one comes.' : `; synchronous_commit is ${commit} by default, so those that ask for more hang.`} Without synchronous replicas, a failover loses what was not yet sent.`,
    evidence: { needed, synchronous, names, sync_commit: commit },
    remedy: { sql: "-- commits no longer wait for a replica, and those that hang go on\nALTER SYSTEM SET synchronous_standby_names = '';\nSELECT pg_reload_conf();" },
  }];
}
