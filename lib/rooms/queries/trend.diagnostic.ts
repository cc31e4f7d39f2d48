import { col } from '@/lib/kit/column';
import { diagnostic } from '@/lib/kit/diagnostic';
import { grownOver, hoursBetween, increase, sampleKey, type Sample } from '@/lib/kit/history';
import { param } from '@/lib/kit/param';
import { formatCount, formatMs } from '@/lib/units';
import { oneLine, shared } from './statements';

/** Fewer calls than these have a mean of their own each day. */
const leastCalls = 50;
/** So many times slower is no chance; below this share of the time it does not matter. */
const slower = { factor: 2, share: 0.05 };

/** The last eighth of the time against what was before it: of a week, the last 21 hours. */
function split(samples: Sample[]): { before: Sample[]; recent: Sample[] } {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last) return { before: [], recent: [] };
  const from = new Date(Date.parse(last.at) - (hoursBetween(first.at, last.at) / 8) * 3_600_000).toISOString();
  const at = Math.max(1, samples.findLastIndex((sample) => sample.at <= from));
  return { before: samples.slice(0, at + 1), recent: samples.slice(at) };
}

function period(samples: Sample[], key: string) {
  const { by, hours } = grownOver(samples, key, ['calls', 'total_ms']);
  const [calls, ms] = [by['calls'] ?? 0, by['total_ms'] ?? 0];
  return { calls, callsAnHour: hours > 0 ? calls / hours : null, msAnHour: hours > 0 ? ms / hours : null, mean: calls > 0 ? ms / calls : null };
}

export const trend = diagnostic({
  name: 'trend',
  title: 'Slower than before',
  why: 'A statement that takes twice as long as last week is a problem on its way, long before it is the slowest.',
  how: 'Calls and execution time of the thousand statements with the most total time, kept every 15 minutes by this console while it runs. The last eighth of the chosen time is compared with what was before it. Steps across a reset of the statistics, or in which an entry was dropped and counted anew, are left out of both sides. Shown are statements with enough calls on both sides to compare.',
  page: shared.page,
  permission: shared.permission,
  key: shared.key,
  search: shared.search,
  needs: [],
  params: { days: param.choice('Days', ['7', '1', '30']), min_calls: param.count('Calls at least', leastCalls) },
  row: {
    query: col.sql('Statement'),
    usr: col.code('Role'),
    mean_ms: col.maybe(col.ms('Mean, of late')),
    before_ms: col.maybe(col.ms('Mean before')),
    mean_ratio: col.maybe(col.ratio('Against before')),
    hour_calls: col.maybe(col.count('Calls an hour, of late')),
    hour_before_calls: col.maybe(col.count('Calls an hour before')),
    hour_ms: col.maybe(col.ms('Time an hour, of late')),
    share_ratio: col.maybe(col.ratio('Share of late')),
    recent_calls: col.count('Calls of late'),
    before_calls: col.count('Calls before'),
    queryid: col.maybe(col.code('Query id')),
    userid: col.code('Role OID'),
    toplevel: col.flag('Top level'),
  },
  sort: '-mean_ratio',
  show: ['query', 'usr', 'mean_ms', 'before_ms', 'mean_ratio', 'hour_calls', 'hour_before_calls', 'share_ratio'],
  charts: [{ kind: 'lines', title: 'Execution time an hour', label: 'query', values: ['hour_ms'], top: 5 }],
  codes: { 'queries.slower': 'A statement takes at least twice as long a call as before, and a noticeable share of the time.' },
  refreshSeconds: 60,
  source: 'history',
  of: 'total',
  days: ({ days }) => Number(days),
  read: ({ samples, now }, { params }) => {
    const { before, recent } = split(samples);
    const figures = now.map((row) => {
      const key = sampleKey(row, shared.key);
      return { row, key, old: period(before, key), late: period(recent, key) };
    });
    const compared = figures.filter(({ old, late }) => Math.min(old.calls, late.calls) >= params.min_calls);
    const all = figures.reduce((sum, { late }) => sum + (late.msAnHour ?? 0), 0);
    const rows = compared.map(({ row, old, late }) => ({
      query: String(row['query']),
      usr: String(row['usr']),
      mean_ms: late.mean,
      before_ms: old.mean,
      mean_ratio: late.mean === null || !old.mean ? null : late.mean / old.mean,
      hour_calls: late.callsAnHour,
      hour_before_calls: old.callsAnHour,
      hour_ms: late.msAnHour,
      share_ratio: late.msAnHour === null || all === 0 ? null : late.msAnHour / all,
      recent_calls: late.calls,
      before_calls: old.calls,
      queryid: row['queryid'] === null ? null : String(row['queryid']),
      userid: String(row['userid']),
      toplevel: row['toplevel'] === true,
    }));
    const top = figures.filter(({ late }) => (late.msAnHour ?? 0) > 0).toSorted((a, b) => (b.late.msAnHour ?? 0) - (a.late.msAnHour ?? 0)).slice(0, 5);
    return { rows, lines: top.map(({ row, key }) => ({ label: oneLine(String(row['query'])), points: rateOf(samples, key) })) };
  },
  findings: (rows) =>
    rows
      .filter((row) => (row.mean_ratio ?? 0) >= slower.factor && (row.share_ratio ?? 0) >= slower.share)
      .map((row) => ({
        code: 'queries.slower',
        severity: 'warning',
        about: oneLine(row.query),
        says: `A call takes ${formatMs(row.mean_ms ?? 0)} of late; before it took ${formatMs(row.before_ms ?? 0)} (${formatCount(row.recent_calls)} calls against ${formatCount(row.before_calls)}).`,
        evidence: { queryid: row.queryid, mean_ms: row.mean_ms, before_ms: row.before_ms, recent_calls: row.recent_calls, before_calls: row.before_calls, share_ratio: row.share_ratio },
        remedy: null,
      })),
});

/** Milliseconds of execution in an hour, from each sample to the next; unknown across a reset. */
function rateOf(samples: Sample[], key: string) {
  return samples.slice(1).map((to, index) => {
    const from = samples[index];
    const grown = from ? increase(from, to, key, 'total_ms') : null;
    const hours = from ? hoursBetween(from.at, to.at) : 0;
    return { at: to.at, value: grown === null || hours <= 0 ? null : grown / hours };
  });
}
