import { join, literal, sql, type SQL } from '@/lib/pg/sql';
import { conflictsWith, lockModes, type LockMode } from './action';

/** `AccessShareLock` is pg_locks’ word for ACCESS SHARE. */
export const inView = (mode: LockMode): string => `${mode.toLowerCase().replace(/(^| )(\w)/g, (_, __, letter: string) => letter.toUpperCase())}Lock`;

/**
 * The locks of prepared transactions with their `gid`, `owner` and when they were `prepared`, from `locks` (pg_locks, or one reading of it). They have no pid, and the virtual transaction of the session that
 * prepared them, or another after a restart: the lock on its own transaction id tells which it is.
 */
export const preparedLocks = (locks: SQL = sql`pg_locks`): SQL => sql`(
    select p.gid, p.owner::text as owner, p.prepared, h.* from pg_prepared_xacts p
      join ${locks} x on x.pid is null and x.locktype = 'transactionid' and x.transactionid::text = p.transaction::text
      join ${locks} h on h.pid is null and h.virtualtransaction = x.virtualtransaction
    where h.granted)`;

const conflicts = (held: SQL, wanted: SQL): SQL => sql`case ${wanted} ${join(lockModes.map((mode) => sql`when ${literal(inView(mode))} then ${held} in (${join(conflictsWith(mode).map((one) => literal(inView(one))), sql`, `)})`), sql` `)} end`;

/** Whether the lock of the row `h` of pg_locks keeps that of `w` waiting. */
export const keepsWaiting = (h: SQL, w: SQL): SQL => sql`${h}.locktype = ${w}.locktype and ${h}.database is not distinct from ${w}.database and ${h}.relation is not distinct from ${w}.relation
        and ${h}.page is not distinct from ${w}.page and ${h}.tuple is not distinct from ${w}.tuple and ${h}.transactionid::text is not distinct from ${w}.transactionid::text
        and ${h}.classid is not distinct from ${w}.classid and ${h}.objid is not distinct from ${w}.objid and ${h}.objsubid is not distinct from ${w}.objsubid
        and ${conflicts(sql`${h}.mode`, sql`${w}.mode`)}`;
