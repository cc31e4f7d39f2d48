import { literal, render, sql, type SQL } from '@/lib/pg/sql';

/** How long ago by the server's clock; never negative, NULL where there is no such moment. */
export const since = (moment: SQL): SQL => sql`case when ${moment} is not null then greatest((extract(epoch from clock_timestamp() - ${moment}) * 1000)::float8, 0) end`;

/** Address of the client; a socket of the machine itself has none. */
export const client = sql`coalesce(host(a.client_addr) || ':' || a.client_port, case when a.client_port = -1 then 'local socket' end)`;

/** This console's own sessions are known by their application name. */
export const own = sql`coalesce(a.application_name like 'riskdesk-%', false)`;

/** A session of another role without pg_monitor: PostgreSQL leaves out what it is. */
export const hidden = sql`(a.backend_type is null)`;

/** As much of a statement as a reader needs; the server itself keeps track_activity_query_size of it. */
export const statementText = sql`left(a.query, 10000)`;

const notShown = '<insufficient privilege>';

/** NULL where PostgreSQL hides the text of a statement. The engine takes secrets out of what is left. */
export const shownText = (text: string | null): string | null => (text === '' || text === notShown ? null : text);

/** A name could end a comment's line. */
const inComment = (text: string): string => JSON.stringify(text);

export const endPrepared = (gid: string, database: string | null): string =>
  `-- connected to the database ${inComment(database ?? 'unknown')}, as the owner or a superuser; or COMMIT PREPARED\n${render(sql`ROLLBACK PREPARED ${literal(gid)}`).text};`;
