import type { Named } from './redundant-facts';

type Rows = (text: string) => Promise<Record<string, unknown>[]>;

const direction = (order: number): string => `${(order & 1) === 1 ? 'desc' : 'asc'} nulls ${(order & 2) === 2 ? 'first' : 'last'}`;

/** Queries that a B-tree or hash index is made for: equality, range, order both ways, its columns alone; under its own condition. */
async function probesOfOne(facts: Named, rows: Rows): Promise<string[]> {
  if (facts.method !== 'btree' && facts.method !== 'hash') return [];
  const expressions = facts.keys.map((key) => key.of);
  const [collations] = await rows(`select json_object_agg(oid::text, quote_ident(collname)) as names from pg_collation where oid::text = any (array['${facts.keys.map((key) => key.collation).join("','")}'])`);
  const names = (collations?.['names'] ?? {}) as Record<string, string>;
  const collated = facts.keys.map((key) => (names[key.collation] && names[key.collation] !== '"default"' && names[key.collation] !== 'default' ? `(${key.of}) collate ${names[key.collation]}` : `(${key.of})`));
  const condition = facts.predicate ?? 'true';
  const [row] = await rows(`select ${expressions.map((text, at) => `(${text})::text as k${at}`).join(', ')} from corpus where ${condition} and ${expressions.map((text) => `(${text}) is not null`).join(' and ')} limit 1`);
  const columns = [...facts.keys.filter((key) => /^[a-z0-9]+$/.test(key.of)).map((key) => key.of), ...facts.includes].join(', ') || '1';
  const equals = collated.map((text, at) => `${text} = '${String(row?.[`k${at}`] ?? '1').replaceAll("'", "''")}'`);
  const from = `from corpus where ${condition}`;
  const found = [
    `select * ${from} and ${equals.join(' and ')}`,
    `select ${columns} ${from} and ${equals.join(' and ')}`,
    `select ${columns} ${from} and ${equals[0]}`,
  ];
  if (facts.method === 'hash') return found;
  const order = collated.map((text, at) => `${text} ${direction(facts.keys[at]?.order ?? 0)}`).join(', ');
  const back = collated.map((text, at) => `${text} ${direction((facts.keys[at]?.order ?? 0) ^ 3)}`).join(', ');
  return [
    ...found,
    `select * ${from} order by ${order} limit 5`,
    `select * ${from} order by ${back} limit 5`,
    `select ${columns} ${from} order by ${order} limit 5`,
    `select * ${from} and ${equals[0]?.replace(' = ', ' >= ')} order by ${order} limit 5`,
    `select * ${from} and ${collated[0]} is null`,
  ];
}

export async function probesOf(facts: Named[], conditions: string[], rows: Rows): Promise<string[]> {
  const own: string[] = [];
  for (const index of facts) own.push(...(await probesOfOne(index, rows)));
  return [...new Set([...own, ...conditions.map((condition) => `select * from corpus where ${condition}`)])];
}
