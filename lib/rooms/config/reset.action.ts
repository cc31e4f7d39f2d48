import { action } from '@/lib/kit/action';
import { nameRefusals } from './set-rules';
import { findSetting, isFromFile, reloadStep, resetStep, settingFigures, settingGuards, settingParams, undoing, unread, type SettingObject } from './setting-object';

export const reset = action({
  name: 'reset',
  title: 'Take a setting back',
  about: 'ALTER SYSTEM RESET: takes a setting out of postgresql.auto.conf, so that postgresql.conf or the default holds again.',
  permission: 'maintenance:run',
  risk: 'heavy',
  recurs: false,
  params: settingParams,
  find: (ask, context): Promise<SettingObject | null> => findSetting(ask, context),
  guards: (object, { role }) => [
    ...settingGuards(object, role),
    ...nameRefusals(object),
  ],
  plan: (object) => [resetStep(object), reloadStep],
  blocks: 'Nobody waits. It holds for every database of the server.',
  progress: null,
  figures: settingFigures,
  inverse: undoing,
  settle: async (ask, object, context, mended) => {
    const found = await findSetting(ask, context);
    if (found?.filed.known && found.filed.value === null) return { state: 'done', says: 'postgresql.auto.conf says nothing of it.', mend: !mended && found.reads && isFromFile(found) ? [reloadStep] : [] };
    if (found && !found.reads && !mended) return unread;
    return { state: 'undone', says: found?.filed.known ? `${object.name} still stands in postgresql.auto.conf.` : 'Whether it still stands in postgresql.auto.conf, this role cannot read.', mend: [] };
  },
  stale: ['config', 'replication', 'tables', 'queries', 'locks', 'pool'],
});
