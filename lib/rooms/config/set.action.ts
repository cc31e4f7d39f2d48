import { action, type Settled, type Step } from '@/lib/kit/action';
import { param } from '@/lib/kit/param';
import { literal, sql } from '@/lib/pg/sql';
import { librariesIn, newLibraries } from './preload';
import { nameRefusals, valueRefusals } from './set-rules';
import { findSetting, reloadStep, setStep, settingFigures, settingGuards, settingParams, undoing, unread, type SettingObject } from './setting-object';
import { wantedValue } from './wanted-value';

const isList = (name: string): boolean => name === 'shared_preload_libraries';

/** A blank at the end of log_line_prefix is meant. */
const textOf = ({ name, vartype }: SettingObject, value: string): string => (vartype === 'string' && !isList(name) ? value : value.trim());

/** Where a role or a database has its own value, the session that looks has that one. */
function verifyStep(object: SettingObject, value: number | string): Step {
  const same = typeof value === 'number' ? sql`reset_val::float8 = ${literal(String(value))}::float8` : sql`reset_val = ${literal(value)}`;
  return {
    sql: sql`SELECT pending_restart OR source NOT IN ('configuration file', 'default') OR ${same} FROM pg_settings WHERE name = ${literal(object.name)}`,
    note: object.context === 'postmaster' ? 'Looks whether it is pending.' : 'Looks whether it is in force.', lock: null, waits: 'bounded', otherwise: 'The server has not taken it: its log says why. Something in its files may be wrong.',
  };
}

/** Whether a library is there shows when it is loaded, here and now, rather than at the next start. */
const loadSteps = (object: SettingObject, text: string): Step[] =>
  newLibraries(object.running, text).map((library) => ({ sql: sql`LOAD ${literal(library)}`, note: `Loads ${library} into this session alone: if the machine does not have it, nothing is set.`, lock: null, waits: 'bounded' }));

function settle(object: SettingObject, text: string, found: SettingObject | null, mended: boolean): Settled {
  const canonical = wantedValue(object, text);
  const value = 'value' in canonical ? String(canonical.value) : text;
  if (found && (found.running === value || Number(found.running) === Number(value))) return { state: 'done', says: `${object.name} is ${text}.`, mend: [] };
  if (found?.filed.known && found.filed.value !== null && found.filed.value === text) return { state: 'done', says: `postgresql.auto.conf says ${text}.`, mend: found.pending ? [] : [reloadStep] };
  if (found && !found.reads && !mended) return unread;
  return { state: 'undone', says: found?.filed.known ? `${object.name} is what it was.` : `${object.name} is not in force. Whether postgresql.auto.conf says it, this role cannot read: ask for it again, or reset it.`, mend: [] };
}

export const set = action({
  name: 'set',
  title: 'Change a setting',
  about: 'ALTER SYSTEM SET, for the whole server, and has it read its settings anew; what needs a restart waits for the next one.',
  permission: 'maintenance:run',
  risk: 'heavy',
  recurs: false,
  params: { ...settingParams, value: param.text('Value') },
  find: (ask, context): Promise<SettingObject | null> => findSetting(ask, context),
  guards: (object, { params, role }) => {
    const refused = nameRefusals(object);
    const value = refused.length > 0 ? [] : valueRefusals(object, wantedValue(object, textOf(object, params.value)), textOf(object, params.value));
    const loads = isList(object.name) && newLibraries(object.running, params.value).length > 0 && !object.superuser;
    const list = isList(object.name) && (object.pending || loads) ? [{ name: 'library', says: object.pending ? 'A change of it waits for a restart already.' : `Only a superuser can try whether a library is there, and ${role} is none.`, saferWay: object.pending ? 'Restart first, or reset it: config.reset.' : 'Do it as a superuser.' }] : [];
    return [...settingGuards(object, role), ...refused, ...value, ...list];
  },
  plan: (object, { params }) => {
    const text = textOf(object, params.value);
    if (isList(object.name)) return [...loadSteps(object, text), setStep(object, text === '' ? [''] : librariesIn(text)), reloadStep];
    const canonical = wantedValue(object, text);
    return [setStep(object, [text]), reloadStep, ...('value' in canonical ? [verifyStep(object, canonical.value)] : [])];
  },
  blocks: 'Nobody waits. It holds for every database of the server.',
  progress: null,
  figures: settingFigures,
  inverse: undoing,
  settle: async (ask, object, context, mended) => settle(object, textOf(object, context.params.value), await findSetting(ask, context), mended),
  stale: ['config', 'replication', 'tables', 'queries', 'locks', 'pool'],
});
