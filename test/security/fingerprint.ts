import type { TestDatabase } from '@/test/database';

/** What reading writes down by design: when a session or a token was last used. */
const lastUse: Record<string, string> = { 'public.sessions': 'updated_at', 'public.api_tokens': 'last_used_at' };

/** A hash of each table's rows, the audit log's among them. */
export async function fingerprint(db: Pick<TestDatabase, 'sql'>): Promise<Record<string, string>> {
  const tables = await db.sql<{ name: string; quoted: string }>(`
    select n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname in ('public', 'riskdesk') order by 1`);
  const hashes: Record<string, string> = {};
  for (const { name, quoted } of tables) {
    const [row] = await db.sql<{ hash: string }>(`select count(*) || ':' || coalesce(md5(string_agg(r::text, '' order by r::text)), '') as hash from (select to_jsonb(t) - $1::text as r from ${quoted} t) rows`, [lastUse[name] ?? '']);
    hashes[name] = row?.hash ?? '';
  }
  return hashes;
}
