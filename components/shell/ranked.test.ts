import { expect, test } from 'vitest';
import { ranked, type Entry } from './ranked';

const entry = (group: string, label: string, about = ''): Entry => ({ key: label, group, label, about, run: () => {} });
const entries = [entry('Rooms', 'Tables', 'Vacuum, bloat, sequences'), entry('Rooms', 'Indexes', 'A table has them'), entry('Actions', 'Analyze a table'), entry('Actions', 'Vacuum a table'), entry('Commands', 'Sign out')];
const names = (typed: string) => ranked(entries, typed).map(({ name, entries: found }) => [name, found.map(({ label }) => label)]);

test('a name that is typed in full comes first, with its group', () => {
  expect(names('Vacuum a table')[0]).toEqual(['Actions', ['Vacuum a table']]);
  expect(names('tables')[0]?.[1]?.[0]).toBe('Tables');
  expect(names('nothing like it')).toEqual([]);
});

test('what is said about an entry finds it, behind those that are called so', () => {
  expect(names('vacuum').map(([name]) => name)).toEqual(['Actions', 'Rooms']);
});

test('all stand in their own order until something is typed', () => {
  expect(names(' ').map(([name]) => name)).toEqual(['Rooms', 'Actions', 'Commands']);
});
