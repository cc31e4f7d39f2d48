import { expect, test } from 'vitest';
import { blockingTree, type Wait } from './blocking-tree';

const tree = (waits: Wait[]) => blockingTree(waits).map(({ id, depth, root, behind }) => `${'>'.repeat(depth)}${id} of ${root}, ${behind} behind`);

test('nobody waits: nothing', () => expect(tree([])).toEqual([]));

test('a queue: those further back wait for the holder and for those before them, and stand deeper', () => {
  expect(tree([{ waiter: '2', blockers: ['1'] }, { waiter: '3', blockers: ['1', '2'] }, { waiter: '4', blockers: ['1', '2', '3'] }])).toEqual([
    '1 of 1, 3 behind', '>2 of 1, 2 behind', '>>3 of 1, 1 behind', '>>>4 of 1, 0 behind',
  ]);
});

test('two roots: the one with more behind it first; a session behind both stands once', () => {
  expect(tree([{ waiter: 'a', blockers: ['x'] }, { waiter: 'b', blockers: ['y'] }, { waiter: 'c', blockers: ['x', 'y'] }, { waiter: 'd', blockers: ['y'] }])).toEqual([
    'y of y, 3 behind', '>b of y, 0 behind', '>c of y, 0 behind', '>d of y, 0 behind', 'x of x, 2 behind', '>a of x, 0 behind',
  ]);
});

test('a circle, and what hangs on it, is shown once each', () => {
  const found = blockingTree([{ waiter: '1', blockers: ['2'] }, { waiter: '2', blockers: ['1'] }, { waiter: '3', blockers: ['1'] }]);
  expect(found.map(({ id }) => id).toSorted()).toEqual(['1', '2', '3']);
  expect(found.map(({ depth }) => depth)).toEqual([0, 1, 1]);
});

test('a session that waits for itself alone (its own parallel worker) blocks nobody', () => expect(tree([{ waiter: '1', blockers: ['1'] }])).toEqual([]));

test('a thousand in one queue', () => {
  const waits = Array.from({ length: 1000 }, (_, n) => ({ waiter: String(n + 1), blockers: Array.from({ length: Math.min(n + 1, 3) }, (__, m) => String(n - m)) }));
  expect(blockingTree(waits).at(-1)).toMatchObject({ depth: 1000, root: '0' });
});
