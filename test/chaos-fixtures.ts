import type pg from 'pg';

export type Planted = {
  params: Record<string, string>;
  confirm?: string;
  /** A query whose rows must be the same after it, in whatever order. */
  rows?: string;
  /** A table (a, b) that the action locks: others go on reading and writing it. */
  table?: string;
  /** It holds a strong lock while it runs, and says so. */
  holds?: true;
  /** Puts back what other rounds rest on. */
  after?: () => Promise<unknown>;
};
type Place = { owner: pg.Client; sql: (text: string) => Promise<pg.QueryResultRow[]>; name: string };

async function table({ owner, name }: Place, rows = 20_000): Promise<string> {
  await owner.query(`create table ${name} (a int primary key, b text)`);
  await owner.query(`insert into ${name} select g, md5(g::text) from generate_series(1, ${rows}) g`);
  await owner.query(`create index ${name}_b on ${name} (b)`);
  return `public.${name}`;
}

const onTable = (more: Record<string, string> = {}) => async (place: Place): Promise<Planted> => ({ params: { table: await table(place), ...more }, rows: `select * from ${place.name}`, table: place.name });
const onIndex = (more: (index: string) => Partial<Planted> = () => ({})) => async (place: Place): Promise<Planted> => {
  const index = `${await table(place)}_b`;
  return { params: { index }, rows: `select * from ${place.name}`, table: place.name, ...more(index) };
};

/** For every action an object of its own, large enough to be killed in the middle. */
export const fixtures: Record<string, (place: Place) => Promise<Planted>> = {
  'tables.analyze': onTable(),
  'tables.vacuum': onTable({ freeze: 'yes' }),
  'indexes.reindex': onIndex(),
  'indexes.drop': onIndex((index) => ({ confirm: index })),
};
