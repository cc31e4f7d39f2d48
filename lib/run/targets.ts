import 'server-only';
import type { ServerFacts } from '@/lib/kit/diagnostic';
import type { Lack, TargetView } from '@/lib/kit/result';
import { diagnostics } from './registry';
import { targetNames } from './monitor';
import { grantMonitor, unmetNeed } from './needs';
import { serverFacts } from './server';

const oldestMajor = 14;

/** Every observed database, asked at once; one that is away is listed as such. */
export const describeTargets = (): Promise<TargetView[]> => Promise.all(targetNames().map(describe));

async function describe(name: string): Promise<TargetView> {
  try {
    const facts = await serverFacts(name);
    return { name, reachable: true, version: `${facts.major}.${facts.versionNum % 10_000}`, inRecovery: facts.inRecovery, role: facts.user, superuser: facts.isSuperuser, lacks: lacksOf(facts) };
  } catch {
    return { name, reachable: false, version: null, inRecovery: null, role: null, superuser: null, lacks: [] };
  }
}

/** What no diagnostic could ask for, and then each of their needs once. */
function lacksOf(server: ServerFacts): Lack[] {
  const lacks: Lack[] = [];
  if (server.major < oldestMajor) lacks.push({ what: `PostgreSQL ${oldestMajor}`, says: `PostgreSQL ${server.major} is older than the questions support: most are not asked.`, sql: null });
  if (!server.isMonitor) lacks.push({ what: 'pg_monitor', says: `${server.user} is not a member of pg_monitor: statements, activity and settings of other roles are hidden, so what is shown is a part.`, sql: grantMonitor(server.user) });
  if (server.isSuperuser) lacks.push({ what: 'least privilege', says: `${server.user} is a superuser. Reading needs no more than pg_monitor: a role of its own could harm nothing, whatever happened to its password.`, sql: ownRole });
  for (const { diagnostic } of diagnostics.values()) {
    for (const need of diagnostic.needs) {
      if ('primary' in need || 'monitor' in need) continue;
      const unmet = unmetNeed([need], server);
      const what = 'extension' in need ? need.extension : need.setting;
      if (unmet && !lacks.some((lack) => lack.what === what)) lacks.push({ what, says: unmet.reason.says, sql: unmet.remedy && 'sql' in unmet.remedy ? unmet.remedy.sql : null });
    }
  }
  return lacks;
}

const ownRole = `CREATE ROLE riskdesk_monitor LOGIN;
GRANT pg_monitor TO riskdesk_monitor;
-- in psql, so that the password is sent as a hash and logged nowhere:
\\password riskdesk_monitor`;
