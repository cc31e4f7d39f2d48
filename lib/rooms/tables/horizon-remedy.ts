import type { Remedy } from '@/lib/kit/finding';
import { literal, render, sql } from '@/lib/pg/sql';

type Holder = { kind: string; name: string; database: string | null; started: string | null };

const text = (statement: ReturnType<typeof sql>): string => render(statement).text;

/** How each kind is ended, and what that costs. */
export function ending({ kind, name, database, started }: Holder, inRecovery: boolean): { cost: string; remedy: Remedy | null } {
  switch (kind) {
    case 'session':
      // The process id may belong to another session by the time somebody runs this.
      return { cost: 'Ending the session rolls its transaction back.', remedy: { action: 'locks.terminate', params: { pid: name, started: started ?? '' } } };
    case 'prepared transaction':
      return { cost: 'Whoever prepared it should finish it; it holds its locks too.', remedy: inRecovery ? null : { sql: `-- in database ${JSON.stringify(database)}, one of:\n${text(sql`ROLLBACK PREPARED ${literal(name)};`)}\n${text(sql`COMMIT PREPARED ${literal(name)};`)}` } };
    case 'standby':
      return { cost: 'Its feedback reports the oldest query there: end that query on the standby, or set hot_standby_feedback = off there, which lets vacuum cancel its queries.', remedy: null };
    default:
      return { cost: 'Its consumer must catch up. Dropping the slot ends that replication: the consumer has to be set up anew.', remedy: { action: 'replication.drop_slot', params: { slot: name } } };
  }
}
