import { col } from '@/lib/kit/column';
import { diagnostic, type Ask } from '@/lib/kit/diagnostic';
import { param } from '@/lib/kit/param';
import { sql } from '@/lib/pg/sql';
import { GiB, MiB } from '@/lib/units';
import { alterSystem, shownOf, type Known, type Situation } from './advice';
import { lookedAt, machine } from './rules-machine';
import { safety } from './rules-safety';
import { takenByAction } from './set-rules';
import { shownValue } from './setting-value';

const rules = { ...safety, ...machine };
const weights = { change: 3, consider: 2, 'not known': 1, fine: 0 };

/** The console may have set one for its own session: then the value that its role starts with counts. */
const readSettings = (ask: Ask): Promise<Known[]> => ask<Known>(sql`
  select s.name, case when s.source = 'session' then s.reset_val else s.setting end as raw, s.unit, s.boot_val as boot, s.source, s.context, s.pending_restart as pending
  from pg_settings s where s.name in ${[...Object.keys(rules), ...lookedAt]}`);

const readCheckpoints = (ask: Ask, major: number): Promise<Situation['checkpoints'][]> =>
  major >= 17
    ? ask(sql`select c.num_timed as timed, c.num_requested as requested, w.wal_bytes::float8 as wal_bytes from pg_stat_checkpointer c, pg_stat_wal w`)
    : ask(sql`select b.checkpoints_timed as timed, b.checkpoints_req as requested, w.wal_bytes::float8 as wal_bytes from pg_stat_bgwriter b, pg_stat_wal w`);

export const advice = diagnostic({
  name: 'advice',
  title: 'Advice',
  why: 'Which settings endanger data, hide what happens, or do not fit the machine: each with its reason and where the rule comes from.',
  how: 'Rules over pg_settings. Memory, processors, disk and workload cannot be asked of a server: state them, and the rules that need them answer. Rules are starting points; what is measured here says so. A role or a database can have a value of its own (see Settings).',
  permission: 'stats:read',
  params: {
    ram_bytes: param.bytes('Memory (0: unknown)', 0, { least: 64 * MiB, most: 16_384 * GiB }),
    cpus: param.count('Processors (0: unknown)', 0),
    disk: param.choice('Disk', ['unknown', 'ssd', 'hdd']),
    workload: param.choice('Workload', ['unknown', 'web', 'oltp', 'dw', 'mixed']),
  },
  row: {
    setting: col.code('Setting'),
    value: col.text('Value'),
    boot: col.maybe(col.text('Built-in')),
    verdict: col.text('Verdict', { note: 'change: a finding. consider: depends on more than can be known here' }),
    advised: col.maybe(col.text('Advised')),
    why: col.text('Reason'),
    origin: col.text('Rule from'),
    source: col.text('Source of the value'),
    severity: col.maybe(col.text('Weight')),
    remedy: col.maybe(col.sql('How')),
    set_value: col.maybe(col.code('Set here to', { note: 'Unknown: not from here' })),
    rank: col.count('Order', { note: '3: change, 2: consider, 1: not known, 0: fine' }),
  },
  key: ['setting'],
  search: ['setting', 'verdict', 'why', 'origin'],
  sort: '-rank',
  show: ['setting', 'value', 'verdict', 'advised', 'why', 'origin'],
  needs: [],
  charts: [],
  codes: {
    'config.unsafe': 'A setting endangers data, or keeps the server from looking after itself.',
    'config.advice': 'A setting does not fit the machine that was stated, or what is measured here.',
  },
  actions: [{ action: 'config.set', from: { name: 'setting', value: 'set_value' } }],
  refreshSeconds: 60,
  source: 'facts',
  read: async (ask, { params, server }) => {
    const settings = new Map((await readSettings(ask)).map((row) => [row.name, row]));
    const [checkpoints = { timed: 0, requested: 0, wal_bytes: 0 }] = await readCheckpoints(ask, server.major);
    const situation: Situation = { settings, major: server.major, ram: params.ram_bytes, cpus: params.cpus, disk: params.disk, workload: params.workload, checkpoints };
    return Object.entries(rules).flatMap(([name, rule]) => {
      const setting = settings.get(name);
      const opinion = setting && rule(situation, setting);
      if (!setting || !opinion) return [];
      const { verdict, advised, why, origin, severity } = opinion;
      return [{
        setting: name, value: shownOf(setting), boot: setting.boot === null ? null : shownValue(setting.boot, setting.unit), verdict, advised, why, origin,
        source: setting.source, severity, remedy: advised === null ? null : alterSystem(setting, advised), set_value: advised !== null && takenByAction(setting) ? advised : null, rank: weights[verdict],
      }];
    });
  },
  findings: (rows) =>
    rows.filter((row) => row.verdict === 'change').map((row) => ({
      code: row.severity === 'critical' ? 'config.unsafe' : 'config.advice',
      severity: row.severity === 'critical' || row.severity === 'warning' ? row.severity : 'info',
      about: row.setting,
      says: `${row.setting} is ${row.value}, advised is ${row.advised ?? ''}. ${row.why}`,
      evidence: { value: row.value, advised: row.advised, source: row.source, rule: row.origin },
      remedy: row.set_value === null ? (row.remedy === null ? null : { sql: row.remedy }) : { action: 'config.set', params: { name: row.setting, value: row.set_value } },
    })),
});
