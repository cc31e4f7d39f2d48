import 'server-only';
import type { Need, ServerFacts } from '@/lib/kit/diagnostic';
import type { Unmeasured } from '@/lib/kit/result';
import { ident, render, sql } from '@/lib/pg/sql';

/** Compares versions such as `1.9` and `1.10` part by part. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let index = 0; index < Math.max(a?.length ?? 0, b?.length ?? 0); index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

const unmeasured = (code: Unmeasured['reason']['code'], says: string, remedySql: string): Unmeasured => ({ state: 'unmeasured', reason: { code, says }, remedy: { sql: remedySql } });

/** The first need that this server does not meet, as the answer to the question; null when all hold. */
export function unmetNeed(needs: Need[], server: ServerFacts): Unmeasured | null {
  for (const need of needs) {
    const unmet = unmetOne(need, server);
    if (unmet) return unmet;
  }
  return null;
}

function unmetOne(need: Need, server: ServerFacts): Unmeasured | null {
  if ('extension' in need) return unmetExtension(need, server);
  if ('setting' in need) return unmetSetting(need, server);
  if ('primary' in need) return server.inRecovery ? { state: 'unmeasured', reason: { code: 'standby', says: need.primary }, remedy: null } : null;
  return server.isMonitor ? null : unmeasured('privilege', need.monitor, grantMonitor(server.user));
}

/** What lets the role of this connection see what belongs to others. */
export const grantMonitor = (role: string): string => render(sql`GRANT pg_monitor TO ${ident(role)}`).text + ';';

function unmetExtension(need: Extract<Need, { extension: string }>, server: ServerFacts): Unmeasured | null {
  const { extension, minVersion, loadedWhen } = need;
  const installed = server.extensions.get(extension);
  if (loadedWhen && !server.settings.has(loadedWhen)) {
    const create = installed ? '' : `\n-- after the restart, in this database:\nCREATE EXTENSION ${extension};`;
    return unmeasured(
      'extension_not_loaded',
      `The library ${extension} is not loaded at server start, so it has counted nothing.`,
      `-- keep what the list holds already (SHOW shared_preload_libraries), one quoted name each; needs a restart\nALTER SYSTEM SET shared_preload_libraries = '${extension}';${create}`,
    );
  }
  if (!installed) {
    return unmeasured('extension_missing', `The extension ${extension} is not installed in this database.`, `CREATE EXTENSION ${extension};`);
  }
  if (minVersion && isOlder(installed.version, minVersion)) {
    return unmeasured('extension_outdated', `The extension ${extension} is at version ${installed.version}; version ${minVersion} or newer is needed.`, `ALTER EXTENSION ${extension} UPDATE;`);
  }
  return null;
}

function unmetSetting(need: Extract<Need, { setting: string }>, server: ServerFacts): Unmeasured | null {
  return server.settings.get(need.setting) === need.not ? unmeasured('setting', need.says, need.remedy) : null;
}
