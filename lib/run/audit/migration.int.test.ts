import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sharedServer, useDatabase } from '@/test/database';
import type { Entry } from './chain';

// The roles come with the template.
await sharedServer({ major: 14 });
const db = await useDatabase({ migrated: false, major: 14 });
const { database } = await import('@/lib/db/client');
const { entriesAfter, linkOf, nothingBefore } = await import('./chain');
const { verifyAudit } = await import('./verify');

const statements = (file: string) => readFileSync(join(process.cwd(), 'drizzle/migrations', file), 'utf8').split('--> statement-breakpoint');

test('a log from before the chain is chained by the migration, in the order of its rows, and goes on', async () => {
  const owner = await db.connect('maintenance');
  for (const file of ['0000_foundation.sql', '0001_finding_decisions.sql', '0002_samples.sql', '0003_jobs.sql']) for (const statement of statements(file)) await owner.query(statement);
  await owner.query(`insert into riskdesk.audit_log (actor, via, action, object, outcome, details) select 'a', 'none', 'old', 'x' || n, 'success', jsonb_build_object('n', n, 'ratio', 1.50) from generate_series(1, 300) n`);
  await owner.query('begin');
  for (const statement of statements('0004_audit_chain.sql')) await owner.query(statement);
  await owner.query('commit');
  await owner.query(`insert into riskdesk.audit_log (actor, via, action, object, outcome) values ('a', 'none', 'new', 'y', 'success')`);
  await expect(owner.query(`update riskdesk.audit_log set actor = 'b'`)).rejects.toMatchObject({ code: '42501' });
  await db.sql('grant usage on schema riskdesk to riskdesk_app');
  await db.sql('grant select on riskdesk.audit_log, riskdesk.audit_checkpoints to riskdesk_app');
  expect(await verifyAudit(database(), 1)).toMatchObject({ state: 'intact', checked: 301, bad: null });
  const entries = await database().rows<Entry>(entriesAfter(0, 0, 500));
  expect(entries.map(({ position, id }) => position === id)).not.toContain(false);
  expect(entries[0]?.hash).toEqual(linkOf(nothingBefore, entries[0]?.text ?? ''));
});
