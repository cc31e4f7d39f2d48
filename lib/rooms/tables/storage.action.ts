import { action } from '@/lib/kit/action';
import type { Ask } from '@/lib/kit/diagnostic';
import { findRelation, relationGuards, standbyGuard, type RelationObject } from '@/lib/kit/relation-object';
import { ident, join, literal, sql } from '@/lib/pg/sql';
import { optionRefusals, storageParams, wantedOf, type Wanted } from './storage-options';

type Stored = RelationObject & { options: Record<string, string> };

const optionsOf = async (ask: Ask, oid: string): Promise<Record<string, string>> => {
  const [found] = await ask<{ options: Record<string, string> | null }>(sql`select (select json_object_agg(option_name, option_value) from pg_options_to_table(c.reloptions)) as options from pg_class c where c.oid = ${oid}::oid`);
  return found?.options ?? {};
};

const alter = ({ schema, rel, kind }: Stored, { set, reset }: Wanted) => {
  const parts = [
    ...(set.length > 0 ? [sql`SET (${join(set.map(([name, value]) => sql`${ident(name)} = ${literal(value)}`), sql`, `)})`] : []),
    ...(reset.length > 0 ? [sql`RESET (${join(reset.map((name) => ident(name)), sql`, `)})`] : []),
  ];
  return sql`ALTER ${kind === 'm' ? sql`MATERIALIZED VIEW` : sql`TABLE`} ${ident(schema, rel)} ${join(parts, sql`, `)}`;
};

/** As the form has it: one of PostgreSQL’s words for yes or no is as good as another. */
const inForm = (name: string, value: string | undefined): string | undefined => (name !== 'autovacuum_enabled' || value === undefined ? value : /^(of|[fn0])/i.test(value) ? 'off' : 'on');

const isDone = (options: Record<string, string>, { set, reset }: Wanted): boolean => set.every(([name, value]) => inForm(name, options[name]) === value) && reset.every((name) => !(name in options));

const noteOf = ({ set, reset }: Wanted): string =>
  [
    'Changes the catalog alone, at once.',
    ...(set.some(([name]) => name === 'fillfactor') || reset.includes('fillfactor') ? ['The fill factor holds for pages written from now on.'] : []),
    ...(set.some(([name, value]) => name === 'autovacuum_enabled' && value === 'off') ? ['Without autovacuum dead rows stay until somebody runs VACUUM.'] : []),
  ].join(' ');

export const storage = action({
  name: 'storage',
  title: 'Set how it is stored and vacuumed',
  about: 'Sets the fill factor and autovacuum’s thresholds for one table, or takes them away so that the server’s settings hold.',
  permission: 'maintenance:run',
  risk: 'light',
  recurs: false,
  params: storageParams,
  find: async (ask, { params, role, server }): Promise<Stored | null> => {
    const relation = await findRelation(ask, params.table, 'rm', role, server.major);
    if (!relation) return null;
    const options = await optionsOf(ask, relation.oid);
    return { ...relation, identity: `${relation.oid} ${JSON.stringify(options)}`, options };
  },
  guards: (object, { params, role, server }) => [...standbyGuard(server.inRecovery), ...relationGuards(object, role, 'owned'), ...optionRefusals(wantedOf(params))],
  plan: (object, { params }) => [{ sql: alter(object, wantedOf(params)), note: noteOf(wantedOf(params)), lock: 'SHARE UPDATE EXCLUSIVE', waits: 'bounded' }],
  blocks: 'No read and no write waits. An autovacuum of the table gives way.',
  progress: null,
  inverse: ({ options, name }, { params }) => {
    const { set, reset } = wantedOf(params);
    const before = [...set.map(([one]) => one), ...reset].map((one) => [one, inForm(one, options[one]) ?? 'default']);
    return { action: 'tables.storage', params: { table: name, ...Object.fromEntries(before) } };
  },
  settle: async (ask, object, { params }) => {
    const options = await optionsOf(ask, object.oid);
    return isDone(options, wantedOf(params)) ? { state: 'done', says: 'The table has them.', mend: [] } : { state: 'undone', says: 'The table has what it had.', mend: [] };
  },
  stale: ['tables'],
});
