import { axisOf, rangeEnds, rangeOn } from './time-axis';
import { underParents, type Member, type Parent } from './tree-sql';

export type Size = { id: string; total_bytes: number; row_estimate: number | null };

const dayMs = 86_400_000;

/** Partitions whose whole range lies before the retention. */
export function archivable(tables: Parent[], list: Member[], days: number) {
  const under = underParents(list);
  return tables.filter(({ strategy }) => strategy === 'r').flatMap((table) => {
    const parts = (under.get(table.id) ?? []).flatMap((member) => {
      const pair = rangeEnds(member.bound);
      return pair && !member.pending ? [{ member, pair: [pair[0].first, pair[1].first] as [string, string], rest: pair[1].rest }] : [];
    });
    const axis = axisOf(table.key_type, parts.map(({ pair }) => pair));
    if (!axis) return [];
    const before = table.now_ms - days * dayMs;
    return parts.flatMap(({ member, pair, rest }) => {
      const range = rangeOn(axis, pair);
      if (!range || !Number.isFinite(range.to)) return [];
      // Of several key columns the last value of the first one may belong to it, and with a date that is a whole day.
      const [from, to] = [range.from, /^(MINVALUE(, )?)*$/.test(rest) ? range.to : range.to + dayMs];
      if (to > before) return [];
      // DETACH CONCURRENTLY is refused where there is a DEFAULT.
      const how = table.has_default ? ';  -- ACCESS EXCLUSIVE for a moment: set a lock_timeout' : ' CONCURRENTLY;  -- not in a transaction';
      return [{ id: member.id, part: member.part, parent: table.tab, from_at: Number.isFinite(from) ? new Date(from).toISOString() : null, to_at: new Date(to).toISOString(), older_ms: before - to, detach_sql: `ALTER TABLE ${table.tab} DETACH PARTITION ${member.part}${how}` }];
    });
  });
}
