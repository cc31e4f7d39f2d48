import type { ActionContext } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { findRelation, type RelationObject } from '@/lib/kit/relation-object';
import { namesOf, walk, type Tree } from '@/lib/pg/parser';
import { createIndexText, keysOf, saysTheSame, type AskedIndex } from '@/lib/pg/create-index';
import { array, sql, type CheckedText } from '@/lib/pg/sql';
import { nameOf } from './advice-ddl';

export const createParams = {
  table: param.object('Table'),
  columns: param.phrase('Columns, expressions'),
  unique: param.choice('Unique', ['no', 'yes']),
  method: param.choice('Method', ['btree', 'hash', 'gin', 'gist', 'brin', 'spgist']),
  include: param.phrase('Include columns'),
  where: param.phrase('Only rows where'),
  name: param.text('Name (empty: as PostgreSQL would name it)'),
  tablespace: param.text('Tablespace (empty: the default one)'),
};

type Context = ActionContext<typeof createParams>;

/** The table, or one of its partitions at any depth, the outermost first, with the part of the index that it has or is to get. */
export type Part = { oid: string; parent: string | null; schema: string; rel: string; kind: string; owned: boolean; /** Its index, by name. */ index: string; indexOid: string | null; there: 'attached' | 'apart' | 'no'; text: CheckedText };

export type NewIndex = RelationObject & { fault: string | null; /** An index that says the same. */ equal: { name: string; valid: boolean } | null; taken: boolean; unknown: string[]; /** Functions of none of whose kinds an index may be made. */ changing: string[]; parts: Part[]; needed: number | null; /** Whether its tablespace is there, and the role may make something in it. */ place: 'none' | 'closed' | 'open' };

type Node = Omit<Part, 'index' | 'indexOid' | 'there' | 'text'>;
type Index = { oid: string; name: string; schema: string; table: string; parent: string | null; valid: boolean; definition: string };

const treeOf = (ask: Ask, { oid, kind }: RelationObject, role: string): Promise<Node[]> => ask<Node>(sql`
  select c.oid::text as oid, t.parent::oid::text as parent, n.nspname::text as schema, c.relname::text as rel, c.relkind::text as kind, pg_has_role(${role}::name, c.relowner, 'USAGE') as owned
  from (select relid::oid as relid, case when level > 0 then parentrelid end as parent, level from pg_partition_tree(${oid}::oid::regclass) where ${kind} = 'p' union all select ${oid}::oid, null, 0 where ${kind} <> 'p') t
    join pg_class c on c.oid = t.relid join pg_namespace n on n.oid = c.relnamespace
  order by t.level, n.nspname, c.relname`);

const indexesOn = (ask: Ask, nodes: Node[]): Promise<Index[]> => ask<Index>(sql`
  select c.oid::text as oid, c.relname::text as name, n.nspname::text as schema, i.indrelid::text as "table", h.inhparent::text as parent, i.indisvalid as valid, pg_get_indexdef(c.oid) as definition
  from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace left join pg_inherits h on h.inhrelid = c.oid
  where i.indrelid = any (${array(nodes.map(({ oid }) => oid))}::oid[]) and c.relname !~ '_cc(new|old)[0-9]*$' order by c.relname`);

/** Names of whatever kind: an index shares them with tables. */
async function namesIn(ask: Ask, schemas: string[]): Promise<Set<string>> {
  const rows = await ask<{ schema: string; name: string }>(sql`select n.nspname::text as schema, c.relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = any (${array(schemas)})`);
  return new Set(rows.map(({ schema, name }) => JSON.stringify([schema, name])));
}

function freeName(taken: Set<string>, { schema, rel }: Node, keys: string[]): string {
  for (let at = 0; ; at += 1) {
    const name = nameOf(rel, keys, at);
    const key = JSON.stringify([schema, name]);
    if (taken.has(key)) continue;
    taken.add(key);
    return name;
  }
}

/** Columns named as such that the table does not have: found out here rather than by an error in the server's log. */
async function unknownColumns(ask: Ask, { oid }: RelationObject, keys: string[]): Promise<string[]> {
  const rows = await ask<{ name: string }>(sql`select attname::text as name from pg_attribute where attrelid = ${oid}::oid and not attisdropped`);
  const known = new Set(['expr', ...rows.map(({ name }) => name)]);
  return keys.filter((key) => !known.has(key));
}

/** Functions that give the same for the same in none of their kinds: which kind is meant only the server can tell. */
async function changingFunctions(ask: Ask, tree: Tree): Promise<string[]> {
  const [called, clocks] = [new Set<string>(), new Set<string>()];
  walk(tree, (kind, node) => {
    if (kind === 'FuncCall') called.add(namesOf(node['funcname']).at(-1) ?? '');
    if (kind === 'SQLValueFunction') clocks.add(String(node['op'] ?? '').replace('SVFOP_', ''));
  });
  const rows = called.size === 0 ? [] : await ask<{ name: string }>(sql`select proname::text as name from pg_proc where proname = any (${array([...called])}::text[]) group by proname having bool_and(provolatile <> 'i') order by 1`);
  return [...clocks, ...rows.map(({ name }) => name)];
}

/** Bytes of keys, pointers and headers twice: the sorted rows beside the index. Unknown for what has no statistics, and for expressions. */
async function neededFor(ask: Ask, { oid }: RelationObject, nodes: Node[], keys: string[]): Promise<number | null> {
  const [found] = await ask<{ bytes: number | null }>(sql`
    select (select sum(greatest(reltuples, 0)) from pg_class where oid = any (${array(nodes.map((node) => node.oid))}::oid[]) and relkind in ('r', 'm'))
      * (select case when count(*) = ${keys.length} and bool_and(width is not null) then 2 * (20 + sum(width)) / 0.9 end from (
          select case when a.attlen > 0 then a.attlen else (select max(s.avg_width) from pg_stats s where (s.schemaname, s.tablename, s.attname) = (n.nspname, c.relname, a.attname)) end as width
          from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace where a.attrelid = ${oid}::oid and a.attname = any (${array(keys)})) w)::float8 as bytes`);
  return found?.bytes ?? null;
}

async function placeFor(ask: Ask, tablespace: string, role: string): Promise<NewIndex['place']> {
  if (tablespace === '') return 'open';
  const [found] = await ask<{ may: boolean }>(sql`select has_tablespace_privilege(${role}::name, oid, 'CREATE') as may from pg_tablespace where spcname = ${tablespace}`);
  if (!found) return 'none';
  return found.may ? 'open' : 'closed';
}

export async function findNewIndex(ask: Ask, { params, role, server }: Context): Promise<NewIndex | null> {
  const relation = await findRelation(ask, params.table, 'rmp', role, server.major);
  if (!relation) return null;
  const asked: AskedIndex = { method: params.method, unique: params.unique === 'yes', columns: params.columns.trim(), include: params.include.trim(), where: params.where.trim(), tablespace: params.tablespace };
  const nothing = { ...relation, equal: null, taken: false, unknown: [], changing: [], parts: [], needed: null, place: 'open' as const };
  const read = await createIndexText(asked, { name: params.name || 'i', schema: relation.schema, rel: relation.rel, how: 'only' });
  if ('says' in read) return { ...nothing, fault: read.says };
  const keys = keysOf(read.tree);
  const nodes = await treeOf(ask, relation, role);
  const indexes = await indexesOn(ask, nodes);
  const same = (await Promise.all(indexes.map(async (index) => ((await saysTheSame(index.definition, read.tree)) ? [index] : [])))).flat();
  const taken = await namesIn(ask, [...new Set(nodes.map(({ schema }) => schema))]);
  const own = same.filter(({ table }) => table === relation.oid);
  const equal = own.find(({ valid }) => valid) ?? own[0] ?? null;
  const resumed = relation.kind === 'p' && equal && !equal.valid && (params.name === '' || params.name === equal.name) ? equal : null;
  const parts: Part[] = [];
  for (const node of nodes) {
    const above = parts.find(({ oid }) => oid === node.parent);
    const part = { ...node, ...partOf(node, above, resumed, same) };
    const index = part.index ?? (above === undefined && params.name !== '' ? params.name : freeName(taken, node, keys));
    const made = await createIndexText(asked, { name: index, schema: node.schema, rel: node.rel, how: node.kind === 'p' ? 'only' : 'concurrently' });
    if ('says' in made) return { ...nothing, fault: made.says };
    parts.push({ ...part, index, text: made.text });
  }
  return {
    ...relation, fault: null, place: await placeFor(ask, params.tablespace, role), parts, equal: equal && !resumed ? { name: equal.name, valid: equal.valid } : null, unknown: await unknownColumns(ask, relation, keys), changing: await changingFunctions(ask, read.tree),
    taken: !resumed && params.name !== '' && taken.has(JSON.stringify([relation.schema, params.name])), needed: asked.method === 'btree' && !keys.includes('expr') ? await neededFor(ask, relation, nodes, keys) : null,
  };
}

/** What an earlier try, or somebody, has made of a part already. */
function partOf(node: Node, above: Part | undefined, resumed: Index | null, same: Index[]): { index: string | null; indexOid: string | null; there: Part['there'] } {
  const of = (index: Index | null | undefined, there: Part['there']) => (index ? { index: index.name, indexOid: index.oid, there } : null);
  const none = { index: null, indexOid: null, there: 'no' as const };
  if (above === undefined) return of(resumed, 'attached') ?? none;
  const here = same.filter(({ table, schema }) => table === node.oid && schema === node.schema);
  const attached = here.find(({ parent }) => parent !== null && parent === above.indexOid);
  return of(attached, 'attached') ?? of(here.find(({ parent, valid }) => parent === null && (valid || node.kind === 'p')), 'apart') ?? none;
}
