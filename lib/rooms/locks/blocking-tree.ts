/** Who waits for whom, as PostgreSQL tells it: each waiting session with all that it waits for. */
export type Wait = { waiter: string; blockers: string[] };

export type Place = {
  id: string;
  /** 0 for a root: a session that blocks others and waits for none. */
  depth: number;
  /** The root under which it stands. */
  root: string;
  /** Sessions that wait for it, directly or through others. */
  behind: number;
};

/**
 * Every session of the waits once, roots with most sessions behind them first, each followed by those that it blocks. A session
 * that waits for several stands under the first of them and as deep as the longest way. In a circle (a deadlock that
 * PostgreSQL has not found yet, which takes it deadlock_timeout) the session that blocks most is taken for the root.
 */
export function blockingTree(waits: Wait[]): Place[] {
  const blockersOf = new Map(waits.map(({ waiter, blockers }) => [waiter, blockers.filter((id) => id !== waiter)]));
  const blocks = new Map<string, string[]>();
  for (const [waiter, blockers] of blockersOf) for (const id of blockers) blocks.set(id, [...(blocks.get(id) ?? []), waiter]);
  const all = [...new Set([...blocks.keys(), ...blockersOf.keys()])];
  const behind = new Map(all.map((id) => [id, reached(id, blocks).size]));
  const byWeight = (a: string, b: string) => (behind.get(b) ?? 0) - (behind.get(a) ?? 0) || a.localeCompare(b);
  const places: Place[] = [];
  const placed = new Set<string>();
  const place = (root: string) => {
    const group = [root, ...reached(root, blocks)].filter((id) => !placed.has(id));
    const depths = depthsFrom(root, blocks, new Set(group));
    const visit = (id: string) => {
      if (placed.has(id)) return;
      placed.add(id);
      places.push({ id, depth: depths.get(id) ?? 0, root, behind: behind.get(id) ?? 0 });
      for (const next of (blocks.get(id) ?? []).toSorted(byWeight)) if (depths.get(next) === (depths.get(id) ?? 0) + 1) visit(next);
    };
    visit(root);
  };
  const roots = all.filter((id) => (blockersOf.get(id) ?? []).length === 0);
  for (const id of roots.filter((one) => blocks.has(one)).toSorted(byWeight)) place(id);
  for (const id of all.toSorted(byWeight)) if (!placed.has(id) && blocks.has(id)) place(id);
  return places;
}

/** Everyone who waits for this one, directly or through others. */
function reached(id: string, blocks: ReadonlyMap<string, string[]>): Set<string> {
  const found = new Set<string>();
  const open = [id];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const next of blocks.get(at) ?? []) {
      if (next === id || found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  }
  return found;
}

/** The longest way from the root to each of the group; where ways run in a circle there is none, and the shortest takes its place. */
function depthsFrom(root: string, blocks: ReadonlyMap<string, string[]>, group: ReadonlySet<string>): Map<string, number> {
  const [first, last] = [new Map([[root, 0]]), new Map([[root, 0]])];
  let layer = [root];
  for (let depth = 1; layer.length > 0; depth += 1) {
    if (depth > group.size) return first;
    layer = [...new Set(layer.flatMap((id) => blocks.get(id) ?? []))].filter((id) => id !== root && group.has(id));
    for (const id of layer) {
      last.set(id, depth);
      if (!first.has(id)) first.set(id, depth);
    }
  }
  return last;
}
