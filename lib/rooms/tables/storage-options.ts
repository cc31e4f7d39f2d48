import type { Refusal } from '@/lib/kit/action';
import { param } from '@/lib/kit/param';

/** Storage parameters that are set for one table: their form label, least and most as PostgreSQL has them, and the setting that holds where none is. */
export const storageOptions = {
  fillfactor: { label: 'Fill factor (10–100)', least: 10, most: 100, whole: true },
  autovacuum_vacuum_scale_factor: { label: 'Vacuum from dead rows (share of the table)', least: 0, most: 100, whole: false },
  autovacuum_vacuum_threshold: { label: 'Vacuum from dead rows (count)', least: 0, most: 2_147_483_647, whole: true },
  autovacuum_vacuum_insert_scale_factor: { label: 'Vacuum from new rows (share)', least: 0, most: 100, whole: false },
  autovacuum_vacuum_insert_threshold: { label: 'Vacuum from new rows (count)', least: -1, most: 2_147_483_647, whole: true },
  autovacuum_analyze_scale_factor: { label: 'Analyze from changed rows (share)', least: 0, most: 100, whole: false },
  autovacuum_analyze_threshold: { label: 'Analyze from changed rows (count)', least: 0, most: 2_147_483_647, whole: true },
  autovacuum_vacuum_cost_limit: { label: 'Vacuum: cost before a pause', least: 1, most: 10_000, whole: true },
  autovacuum_vacuum_cost_delay: { label: 'Vacuum: pause (ms)', least: 0, most: 100, whole: false },
  autovacuum_freeze_max_age: { label: 'Vacuum to freeze at an age of', least: 100_000, most: 2_000_000_000, whole: true },
} as const;

export type OptionName = keyof typeof storageOptions | 'autovacuum_enabled';

const text = (name: keyof typeof storageOptions) => param.text(storageOptions[name].label);

/** Empty leaves one as it is, `default` takes it away from the table. */
export const storageParams = {
  table: param.object('Table'),
  autovacuum_enabled: param.choice('Autovacuum', ['as it is', 'on', 'off', 'default']),
  fillfactor: text('fillfactor'),
  autovacuum_vacuum_scale_factor: text('autovacuum_vacuum_scale_factor'), autovacuum_vacuum_threshold: text('autovacuum_vacuum_threshold'),
  autovacuum_vacuum_insert_scale_factor: text('autovacuum_vacuum_insert_scale_factor'), autovacuum_vacuum_insert_threshold: text('autovacuum_vacuum_insert_threshold'),
  autovacuum_analyze_scale_factor: text('autovacuum_analyze_scale_factor'), autovacuum_analyze_threshold: text('autovacuum_analyze_threshold'),
  autovacuum_vacuum_cost_limit: text('autovacuum_vacuum_cost_limit'), autovacuum_vacuum_cost_delay: text('autovacuum_vacuum_cost_delay'), autovacuum_freeze_max_age: text('autovacuum_freeze_max_age'),
};

export type Wanted = { set: [OptionName, string][]; reset: OptionName[] };

/** What is asked of which parameter, in the order of the form. */
export function wantedOf(params: Record<string, string>): Wanted {
  const names: OptionName[] = ['autovacuum_enabled', ...(Object.keys(storageOptions) as (keyof typeof storageOptions)[])];
  const asked = names.map((name): [OptionName, string] => [name, (params[name] ?? '').trim()]).filter(([, value]) => value !== '' && value !== 'as it is');
  return { set: asked.filter(([, value]) => value !== 'default'), reset: asked.flatMap(([name, value]) => (value === 'default' ? [name] : [])) };
}

export function optionRefusals({ set, reset }: Wanted): Refusal[] {
  const wrong = set.flatMap(([name, value]): Refusal[] => {
    if (name === 'autovacuum_enabled') return [];
    const { least, most, whole } = storageOptions[name];
    const fits = (whole ? /^-?\d{1,10}$/ : /^\d{0,3}(\.\d{1,9})?$/).test(value) && Number(value) >= least && Number(value) <= most;
    return fits ? [] : [{ name: 'value', says: `${name} is a ${whole ? 'whole ' : ''}number from ${least} to ${most}, or default.`, saferWay: null }];
  });
  return set.length + reset.length === 0 ? [{ name: 'nothing', says: 'Nothing is asked for.', saferWay: null }] : wrong;
}
