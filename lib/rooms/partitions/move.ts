import type { Step } from '@/lib/kit/action';
import { ident, inlineNumber, join, literal, render, sql, type SQL } from '@/lib/pg/sql';
import { named, type Column, type Part } from './family';

type Named = { schema: string; rel: string };
/** Rows that go along: those of `source` whose columns `from` are the columns `to` of a moved row. */
export type Along = { source: Named; target: Named; columns: Column[]; from: string[]; to: string[] };
export type Move = { leaf: Part; where: SQL; target: Named; columns: Column[]; along: Along[]; expected: number | null };

const blockBytes = 8192;
const rowsOfABatch = 1500;

/** Rows are taken block by block: pages that earlier batches emptied are not read again, and no index is needed. */
export function blocksOfABatch({ rows, bytes }: Pick<Part, 'rows' | 'bytes'>, batch = rowsOfABatch): number {
  const dense = rows !== null && rows > 0 && bytes > 0 ? rows / (bytes / blockBytes) : 50;
  return Math.min(512, Math.max(4, Math.round(batch / dense)));
}

/** Where a step is, in one table: a setting of the job's session, which a transaction that is rolled back leaves as it was. */
const settingOf = (place: string): SQL => literal(`riskdesk.at_${place}`);
export const atBlock = (place: string): SQL => sql`coalesce(nullif(current_setting(${settingOf(place)}, true), ''), '0')::bigint`;
export const goTo = (place: string, block: SQL): SQL => sql`set_config(${settingOf(place)}, (${block})::text, false)`;
export const sizeInBlocks = (table: Named): SQL => sql`(pg_relation_size(${literal(render(named(table)).text)}::regclass) / current_setting('block_size')::bigint)`;
/** So many blocks a batch, more or fewer as the engine has found that they take shorter or longer than they should. */
export const paced = (blocks: number): SQL => sql`greatest(1, ${inlineNumber(blocks)} * coalesce(nullif(current_setting('riskdesk.pace', true), ''), '1')::float8)::int`;
const tid = (block: SQL): SQL => sql`format('(%s,0)', ${block})::tid`;
export const inBlocks = (place: string, blocks: number): SQL => sql`ctid >= ${tid(atBlock(place))} AND ctid < ${tid(sql`${atBlock(place)} + ${paced(blocks)}`)}`;

export const list = (columns: Column[], prefix?: SQL): SQL => join(columns.filter(({ generated }) => !generated).map(({ name }) => (prefix ? sql`${prefix}.${ident(name)}` : ident(name))), sql`, `);
/** The rows that the transaction has locked, and no others: nobody can change them, so their places stay. */
const locked = sql`current_setting('riskdesk.rows')::tid[]`;

const sumOf = (name: string): SQL => sql`(SELECT (count(*), bit_xor(hashtextextended(r::text, 0))) FROM ${ident(name)} r)`;

/** One table's part of the statement: what is taken from the one is put into the other. */
function carried(index: number, taken: SQL, target: Named, columns: Column[]): SQL {
  return sql`${ident(`out_${index}`)} AS (${taken}), ${ident(`in_${index}`)} AS (INSERT INTO ${named(target)} (${list(columns)}) OVERRIDING SYSTEM VALUE SELECT ${list(columns)} FROM ${ident(`out_${index}`)} RETURNING ${list(columns)})`;
}

/** Sets the place for the next batch; after the last block the first again, for what others held or added meanwhile. */
export const goOn = (place: string, next: SQL, last: SQL): SQL => sql`SELECT ${goTo(place, sql`CASE WHEN ${last} THEN 0 ELSE ${next} END`)} AS next_block`;

/**
 * One batch, as a transaction: the rows are locked first, so that the statement after sees every row that refers to them and nobody can add one; then one statement takes
 * them, and those that refer to them, and puts them into their new tables. What went out and what came in are counted and summed; where they differ it is rolled back.
 */
export function moveStep({ leaf, where, target, columns, along, expected }: Move, note: string): Step {
  const blocks = blocksOfABatch(leaf);
  const lock = sql`SELECT set_config('riskdesk.rows', coalesce(array_agg(p.ctid)::text, '{}'), true) IS NULL AS picked FROM (SELECT ctid FROM ONLY ${named(leaf)} WHERE ${inBlocks(leaf.oid, blocks)} AND ${where} FOR UPDATE SKIP LOCKED) p`;
  const own = carried(0, sql`DELETE FROM ONLY ${named(leaf)} WHERE ctid = ANY (${locked}) RETURNING ${list(columns)}`, target, columns);
  const others = along.map((one, index) => {
    const meets = join(one.from.map((name, at) => sql`c.${ident(name)} = p.${ident(one.to[at] ?? '')}`), sql` AND `);
    return carried(index + 1, sql`DELETE FROM ${named(one.source)} c USING ONLY ${named(leaf)} p WHERE p.ctid = ANY (${locked}) AND ${meets} RETURNING ${list(one.columns, sql`c`)}`, one.target, one.columns);
  });
  const differs = join([0, ...along.map((_, index) => index + 1)].map((index) => sql`${sumOf(`out_${index}`)} IS DISTINCT FROM ${sumOf(`in_${index}`)}`), sql` OR `);
  const next = sql`${atBlock(leaf.oid)} + ${paced(blocks)}`;
  const last = sql`${next} >= ${sizeInBlocks(leaf)}`;
  const move = sql`WITH ${join([own, ...others], sql`, `)}
SELECT (SELECT count(*) FROM out_0)::int AS moved, NOT ${last} AS more,
  CASE WHEN ${last} THEN EXISTS (SELECT FROM ONLY ${named(leaf)} WHERE ${where} AND NOT ctid = ANY (${locked})) END AS left,
  CASE WHEN ${differs} THEN 'What was taken out and what was put in differ in number or checksum: a trigger or a rule changes rows on their way. The batch was rolled back.' END AS refuses`;
  return { sql: [lock, move, goOn(leaf.oid, next, last)], note, lock: 'ROW EXCLUSIVE', waits: 'bounded', repeats: { expected } };
}

