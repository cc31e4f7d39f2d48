import type { Step } from '@/lib/kit/action';
import { ident, join, literal, render, sql, type SQL } from '@/lib/pg/sql';
import { named, type Column } from './family';
import { atBlock, blocksOfABatch, goOn, inBlocks, list, paced, sizeInBlocks } from './move';
import { nameFor } from './partition-steps';

type Named = { schema: string; rel: string };

/**
 * A table whose rows are wanted in another, partitioned one, while others write: a trigger repeats every write of it there, a pass over the old rows copies what was there
 * before, and once both are seen to be the same in one snapshot the two change places.
 */
export type Mirror = { source: Named & { /** Where in it the filling is, is a setting of this name. */ place: string; rows: number | null; bytes: number }; copy: Named; columns: Column[]; primary_key: string[]; owner: string; role: string };

export const copyOf = ({ schema, rel }: Named): Named => ({ schema, rel: nameFor(rel, 'riskdesk_new') });
export const mirrorTrigger = 'riskdesk_mirror';
export const mirrorFunction = ({ schema, rel }: Named): Named => ({ schema, rel: nameFor(rel, 'riskdesk_mirror') });
/** By which a copy is known as one of this table. */
export const copyComment = (of: string): string => `riskdesk copies table ${of} into this one`;

const keyIs = (key: string[], of: string): SQL => join(key.map((name) => sql`t.${ident(name)} = ${ident(of)}.${ident(name)}`), sql` AND `);

/** The function writes for whoever writes, and looks only where it is told to. */
export function mirrorSteps({ source, copy, columns, primary_key: key, owner, role }: Mirror): Step[] {
  const fn = named(mirrorFunction(source));
  const written = columns.filter(({ generated }) => !generated);
  const rest = written.filter(({ name }) => !key.includes(name));
  const conflict = rest.length === 0 ? sql`NOTHING` : sql`UPDATE SET ${join(rest.map(({ name }) => sql`${ident(name)} = excluded.${ident(name)}`), sql`, `)}`;
  const body = sql`BEGIN
  IF tg_op = 'TRUNCATE' THEN
    TRUNCATE ${named(copy)};
    RETURN NULL;
  END IF;
  IF tg_op <> 'INSERT' THEN
    DELETE FROM ${named(copy)} t WHERE ${keyIs(key, 'old')};
  END IF;
  IF tg_op <> 'DELETE' THEN
    INSERT INTO ${named(copy)} (${list(columns)}) OVERRIDING SYSTEM VALUE VALUES (${join(written.map(({ name }) => sql`new.${ident(name)}`), sql`, `)}) ON CONFLICT (${join(key.map((name) => ident(name)), sql`, `)}) DO ${conflict};
  END IF;
  RETURN NULL;
END`;
  const on = named(source);
  return [{
    sql: [
      sql`CREATE OR REPLACE FUNCTION ${fn}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS ${literal(render(body).text)}`,
      ...(owner === role ? [] : [sql`ALTER FUNCTION ${fn}() OWNER TO ${ident(owner)}`]),
      sql`REVOKE ALL ON FUNCTION ${fn}() FROM PUBLIC`,
      sql`CREATE TRIGGER ${ident(mirrorTrigger)} AFTER INSERT OR UPDATE OR DELETE ON ${on} FOR EACH ROW EXECUTE FUNCTION ${fn}()`,
      sql`CREATE TRIGGER ${ident(`${mirrorTrigger}_all`)} AFTER TRUNCATE ON ${on} FOR EACH STATEMENT EXECUTE FUNCTION ${fn}()`,
      sql`ALTER TABLE ${on} ENABLE ALWAYS TRIGGER ${ident(mirrorTrigger)}, ENABLE ALWAYS TRIGGER ${ident(`${mirrorTrigger}_all`)}`,
    ],
    note: `From now on every write of ${source.rel} is repeated in ${copy.rel}, in the same transaction.`, lock: 'SHARE ROW EXCLUSIVE', waits: 'bounded',
  }];
}

/** What writers would meet is met here first: the functions and operators of its indexes, checks and key, found by nothing but their names. */
export function tryStep({ source, copy, columns, primary_key: key }: Mirror): Step {
  const keys = join(key.map((name) => ident(name)), sql`, `);
  return {
    sql: [
      sql`INSERT INTO ${named(copy)} (${list(columns)}) OVERRIDING SYSTEM VALUE SELECT ${list(columns)} FROM (SELECT * FROM ONLY ${named(source)} LIMIT 100 FOR KEY SHARE) s ON CONFLICT DO NOTHING`,
      sql`DELETE FROM ${named(copy)} t USING (SELECT ${keys} FROM ${named(copy)}) old WHERE ${keyIs(key, 'old')}`,
      // Else the rows of the trial would be there as dead ones, and in the statistics.
      sql`TRUNCATE ${named(copy)}`,
    ],
    note: 'Tries with a few rows what will be done for everybody who writes.', lock: 'ROW SHARE', waits: 'bounded',
  };
}

/** Block by block, each row held against being deleted while it is copied. What the trigger has written already is newer and stays. */
export function fillStep({ source, copy, columns }: Mirror): Step {
  const blocks = blocksOfABatch(source);
  const next = sql`${atBlock(source.place)} + ${paced(blocks)}`;
  const last = sql`${next} >= ${sizeInBlocks(source)}`;
  const fill = sql`WITH put AS (INSERT INTO ${named(copy)} (${list(columns)}) OVERRIDING SYSTEM VALUE SELECT ${list(columns)} FROM (SELECT * FROM ONLY ${named(source)} WHERE ${inBlocks(source.place, blocks)} FOR KEY SHARE) s ON CONFLICT DO NOTHING RETURNING 1)
SELECT (SELECT count(*) FROM put)::int AS moved, NOT ${last} AS more, CASE WHEN ${last} THEN false END AS left`;
  return { sql: [fill, goOn(source.place, next, last)], note: `Copies the rows of ${source.rel} that were there before, a few thousand at a time.`, lock: 'ROW SHARE', waits: 'bounded', repeats: { expected: source.rows } };
}

const sumOf = (table: SQL, columns: Column[]): SQL => sql`(SELECT (count(*), bit_xor(hashtextextended(ROW(${list(columns)})::text, 0))) FROM ${table})`;

/** Both in one snapshot, which the trigger keeps equal at every moment. */
export const compareStep = ({ source, copy, columns }: Mirror): Step => ({
  sql: [sql`SELECT CASE WHEN ${sumOf(sql`ONLY ${named(source)}`, columns)} IS DISTINCT FROM ${sumOf(named(copy), columns)} THEN 'The copy is not the same as the table, by number or checksum: nothing was changed over.' END AS refuses`],
  note: `Counts and sums the rows of ${source.rel} and of the copy in one snapshot: they have to be the same.`, lock: 'ACCESS SHARE', waits: 'bounded',
});

export const dropMirror = (source: Named): SQL[] => [sql`DROP TRIGGER IF EXISTS ${ident(mirrorTrigger)} ON ${named(source)}`, sql`DROP TRIGGER IF EXISTS ${ident(`${mirrorTrigger}_all`)} ON ${named(source)}`];

/** What an unfinished run left: nothing of it is seen by anybody. */
export const abandonSteps = (source: Named): Step[] => [
  { sql: [...dropMirror(source), sql`DROP FUNCTION IF EXISTS ${named(mirrorFunction(source))}()`], note: `Writes of ${source.rel} are repeated no more.`, lock: 'ACCESS EXCLUSIVE', waits: 'bounded' },
  { sql: sql`DROP TABLE IF EXISTS ${named(copyOf(source))}`, note: 'Drops the copy.', lock: null, waits: 'bounded' },
];
