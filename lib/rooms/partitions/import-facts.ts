import type { Ask } from '@/lib/kit/diagnostic';
import type { KeptExport } from '@/lib/kit/export';
import { array, join, sql, type SQL } from '@/lib/pg/sql';
import { readTable, type TableStatements } from '@/lib/pg/table-statements';
import { axisIn, tablesOf, written, type Table } from './family';
import { stateOf, type Coming, type Home, type Importing } from './import-plan';
import { rangeEnds, rangeOn } from './time-axis';

type Named = { schema: string; rel: string };
type There = Named & { oid: string; comment: string | null; attached: boolean };

const pairs = (names: Named[]): SQL => join(names.map(({ schema, rel }) => sql`(${schema}, ${rel})`), sql`, `);

/** Of these names, what is there. */
const thereOf = async (ask: Ask, names: Named[]): Promise<There[]> => (names.length === 0 ? [] : ask<There>(sql`
  select n.nspname::text as schema, c.relname::text as rel, c.oid::text as oid, obj_description(c.oid, 'pg_class') as comment, c.relispartition as attached
  from pg_class c join pg_namespace n on n.oid = c.relnamespace where (n.nspname, c.relname) in (${pairs(names)})`));

const same = (a: Named) => (b: Named): boolean => a.schema === b.schema && a.rel === b.rel;
const distinct = (names: string[]): string[] => [...new Set(names)];

type Lacking = { closed: string[]; no_roles: string[]; no_types: string[] };

async function lackingOf(ask: Ask, tables: { file: KeptExport['tables'][number]; says: TableStatements }[], role: string): Promise<Lacking> {
  const [schemas, roles, types] = [tables.map(({ file }) => file.schema), tables.flatMap(({ says }) => says.roles), tables.flatMap(({ file }) => file.columns.map(({ type }) => type))].map(distinct);
  const [found] = await ask<Lacking>(sql`
    select array(select s from unnest(${array(schemas ?? [])}::text[]) s where not coalesce((select has_schema_privilege(${role}::name, n.oid, 'CREATE') from pg_namespace n where n.nspname = s), false)) as closed,
      array(select r from unnest(${array(roles ?? [])}::text[]) r where not exists (select from pg_roles p where p.rolname = r)) as no_roles,
      array(select t from unnest(${array(types ?? [])}::text[]) t where to_regtype(t) is null) as no_types`);
  return found ?? { closed: [], no_roles: [], no_types: [] };
}

function homeOf(attach: NonNullable<TableStatements['attach']>, top: Table | null): Home {
  const along = top && axisIn(top);
  const ends = rangeEnds(attach.bound);
  return { ...attach, top, range: along && ends ? rangeOn(along.axis, [ends[0].first, ends[1].first]) : null };
}

/** What an export would bring back, and what of it is there. */
export async function findImport(ask: Ask, kept: KeptExport, role: string): Promise<Importing> {
  const read: { file: KeptExport['tables'][number]; says: TableStatements }[] = [];
  let strayed: string | null = null;
  for (const file of kept.tables) {
    const says = await readTable({ schema: file.schema, rel: file.table }, { ddl: file.ddl, ties: file.ties, types: file.columns.map(({ type }) => type) });
    if ('strayed' in says) strayed ??= says.strayed;
    else read.push({ file, says });
  }
  // Names of types are written out whole.
  await ask(sql`select set_config('search_path', '', true)`);
  const own = kept.tables.map(({ schema, table }) => ({ schema, rel: table }));
  const indexes = read.flatMap(({ file, says }) => says.indexes.map((rel) => ({ schema: file.schema, rel })));
  const parents = read.flatMap(({ says }) => (says.attach ? [says.attach.parent] : []));
  const referred = read.flatMap(({ says }) => says.references.map(({ to }) => to));
  const there = await thereOf(ask, [...own, ...indexes, ...parents, ...referred]);
  const find = (name: Named): There | null => there.find(same(name)) ?? null;
  const tops = await tablesOf(ask, parents.flatMap((parent) => find(parent)?.oid ?? []), role);
  const tables = read.map(({ file, says }): Coming => {
    const name = { schema: file.schema, rel: file.table };
    const found = find(name);
    return { ...name, file, says, home: says.attach && homeOf(says.attach, tops.get(find(says.attach.parent)?.oid ?? '') ?? null), there: found && { oid: found.oid, state: stateOf(kept.id, found.comment), attached: found.attached } };
  });
  const [first] = own;
  const top = tables[0]?.home?.top;
  const isThere = tables.some((table) => table.there);
  return {
    name: first ? written(first) : kept.id, key: top ? `relation ${top.oid}` : `import ${first ? written(first) : kept.id}`, identity: JSON.stringify([kept.id, tables.map(({ there: now, home }) => [now?.oid, home?.top?.oid])]),
    table: top?.oid ?? null, bytes: kept.tables.reduce((sum, { csv_bytes }) => sum + csv_bytes, 0),
    id: kept.id, server_version: kept.server_version, tables, damaged: kept.damaged, strayed, taken: isThere ? [] : indexes.filter(find).map((one) => written(one)),
    no_tables: referred.filter((name) => !find(name) && !own.some(same(name))).map((one) => written(one)), ...(await lackingOf(ask, read, role)),
  };
}
