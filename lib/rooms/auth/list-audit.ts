import type { Database } from '@/lib/db/client';
import { and, keyword, sql, type SQL } from '@/lib/pg/sql';
import type { AuditItem, AuditPage, AuditQuery } from './schema';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function conditions({ actor, action, object, outcome, from, to }: AuditQuery): SQL[] {
  return [
    ...(actor === undefined ? [] : [uuid.test(actor) ? sql`actor_id = ${actor}` : sql`actor = ${actor.toLowerCase()}`]),
    ...(action === undefined ? [] : [sql`action = ${action}`]),
    ...(object === undefined ? [] : [sql`object = ${object}`]),
    ...(outcome === undefined ? [] : [sql`outcome = ${outcome}`]),
    ...(from === undefined ? [] : [sql`at >= ${new Date(from).toISOString()}`]),
    ...(to === undefined ? [] : [sql`at < ${new Date(to).toISOString()}`]),
  ];
}

/** One page, the newest first. `after-n` goes on with what is older than row n, `before-n` with what is newer. */
export async function listAudit(db: Database, query: AuditQuery): Promise<AuditPage> {
  const [direction, id] = query.cursor?.split('-') ?? [];
  const backwards = direction === 'before';
  const from = id === undefined ? [] : [backwards ? sql`id > ${Number(id)}` : sql`id < ${Number(id)}`];
  const rows = await db.rows<AuditItem>(sql`
    select id, at, actor_id as "actorId", actor, via, action, object, outcome, details, address
    from riskdesk.audit_log where ${and([...conditions(query), ...from])}
    order by id ${keyword(backwards ? 'asc' : 'desc')} limit ${query.limit + 1}`);
  const more = rows.length > query.limit;
  const page = rows.slice(0, query.limit);
  const items = backwards ? page.toReversed() : page;
  const newest = items[0]?.id;
  const oldest = items.at(-1)?.id;
  return {
    items,
    nextCursor: oldest !== undefined && (backwards || more) ? `after-${oldest}` : null,
    prevCursor: newest !== undefined && (backwards ? more : id !== undefined) ? `before-${newest}` : null,
  };
}
