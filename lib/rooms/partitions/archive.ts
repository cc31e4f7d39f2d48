import { axisOf, ends, rangeOn } from './time-axis';
import { underParents, type Member, type Parent } from './tree-sql';

export type Size = { id: string; total_bytes: number; row_estimate: number | null };

const dayMs = 86_400_000;

/** Partitions whose whole range lies before the retention. */
export function archivable(tables: Parent[], list: Member[], days: number) {
  const under = underParents(list);
  return tables.filter(({ strategy }) => strategy === 'r').flatMap((table) => {
    const parts = (under.get(table.id) ?? []).flatMap((member) => {
      const pair = ends(member.bound);
      return pair && !member.pending ? [{ member, pair }] : [];
    });
    const axis = axisOf(table.key_type, parts.map(({ pair }) => pair));
    if (!axis) return [];
    const before = table.now_ms - days * dayMs;
    return parts.flatMap(({ member, pair }) => {
      const range = rangeOn(axis, pair);
      if (!range || range.to > before || !Number.isFinite(range.to)) return [];
      const { from, to } = range;
      // DETACH CONCURRENTLY is refused where there is a DEFAULT.
      const how = table.has_default ? ';  -- ACCESS EXCLUSIVE for a moment: set a lock_timeout' : ' CONCURRENTLY;  -- not in a transaction';
      return [{ id: member.id, part: member.part, parent: table.tab, from_at: Number.isFinite(from) ? new Date(from).toISOString() : null, to_at: new Date(to).toISOString(), older_ms: before - to, detach_sql: `ALTER TABLE ${table.tab} DETACH PARTITION ${member.part}${how}` }];
    });
  });
}
