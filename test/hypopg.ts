import { existsSync, readdirSync } from 'node:fs';
import { install, mayInstall } from '@/scripts/apt';
import { runProgram } from '@/scripts/processes';
import { majors, startTestServer, type Major, type TestServer } from './cluster';

const share = '/usr/share/postgresql';

/** Debian's directories: one for each major. */
function installed(): Major | undefined {
  const there = existsSync(share) ? readdirSync(share) : [];
  return majors.find((major) => there.includes(String(major)) && existsSync(`${share}/${major}/extension/hypopg.control`) && existsSync(`/usr/lib/postgresql/${major}/bin/postgres`));
}

/** HypoPG comes with no server from npm. A distribution has it for the major that it ships. */
async function ensureHypopg(): Promise<Major> {
  const before = installed();
  if (before) return before;
  for (const major of mayInstall() ? [15, 17, 16, 18, 14] : []) if (await install(`postgresql-${major}-hypopg`)) break;
  const after = installed();
  if (!after) throw new Error('HypoPG is missing: install the package postgresql-15-hypopg, or that of another major from 14 on, with its server.');
  // Debian starts what it installs.
  await runProgram('systemctl', ['disable', '--now', 'postgresql']);
  return after;
}

/** A server of its own whose databases can have HypoPG. */
export async function startHypopgServer(): Promise<TestServer> {
  const major = await ensureHypopg();
  return startTestServer({ major, binDir: `/usr/lib/postgresql/${major}/bin` });
}
