import { deparsed } from '@/lib/pg/deparse';
import { isTree, parseSql, walk, type Tree } from '@/lib/pg/parser';
import { blocksOf } from './block';
import { conditionRules } from './rules-conditions';
import { joinRules } from './rules-joins';
import { orRules } from './rules-or';
import { readingRules } from './rules-reading';
import type { Certainty, Figures, Rule, Subject } from './rule';
import { kindOf } from './tree';

/** Every rule, one small object each. */
export const rules: Rule[] = [...readingRules, ...conditionRules, ...orRules, ...joinRules];

export type Found = {
  rule: Rule;
  says: string;
  certainty: Certainty;
  /** SQL that was parsed again and is the tree that the rule made; null where there is none. */
  rewrite: string | null;
  helps: string | null;
  note: string | null;
};

/** The one statement of a text; null where the grammar does not take it, or there are more. */
export async function statementIn(text: string): Promise<Tree | null> {
  const parsed = await parseSql(text);
  const [statement, ...others] = 'statements' in parsed ? parsed.statements : [];
  if (!statement || others.length > 0) return null;
  const folded = new Set([...text.matchAll(/\$(\d{1,5}) \/\*, \.\.\. \*\//g)].map(([, number]) => Number(number)));
  if (folded.size > 0) eachParameter(statement, (node) => folded.has(Number(node['number'])) && Object.assign(node, { folded: true }));
  return statement;
}

const eachParameter = (tree: Tree, visit: (node: Tree) => unknown): void =>
  walk(tree, (kind, node) => {
    if (kind === 'ParamRef') visit(node);
  });

/** pg_stat_statements of 18 writes a list as its first value and a comment, which no tree holds. */
async function written(tree: Tree): Promise<string | null> {
  const folded: number[] = [];
  eachParameter(tree, (node) => node['folded'] === true && folded.push(Number(node['number'])));
  const text = await deparsed(tree);
  return text && folded.reduce((so, number) => so.replaceAll(new RegExp(`\\$${number}(?!\\d)`, 'g'), (found) => `${found} /*, ... */`), text);
}

/** What the rules find in a statement, given what its names mean. */
export async function antipatternsOf(statement: Tree, find: Subject['find'], figures: Figures | null = null): Promise<Found[]> {
  const kind = kindOf(statement);
  const node = statement[kind];
  if (!isTree(node)) return [];
  const subject: Subject = { statement, kind, node, blocks: blocksOf(statement, find), find, figures };
  const matches = rules.flatMap((rule) => rule.find(subject).map((match) => ({ rule, match })));
  return Promise.all(matches.map(async ({ rule, match: { says, certainty, rewrite = null, helps = null, note = null } }) => ({ rule, says, certainty, rewrite: rewrite && (await written(rewrite)), helps, note })));
}
