import { sql as tag, type SQL } from 'drizzle-orm';
import { PgDialect } from 'drizzle-orm/pg-core';

/**
 * SQL text is made here and nowhere else: values of the tag always bind, names go through `ident`. The tag is Drizzle's,
 * so that tables of `drizzle/schema` fit in; its `raw` is kept back.
 */
export type { SQL };

type Tag = (strings: TemplateStringsArray, ...values: unknown[]) => SQL;

export const sql: Tag = (strings, ...values) => tag(strings, ...values);

/** A quoted identifier: `ident('riskdesk', 'audit')` is `"riskdesk"."audit"`. */
export function ident(...parts: string[]): SQL {
  return tag.join(parts.map((part) => tag.identifier(part)), tag.raw('.'));
}

/** One bound array parameter, where the bare tag would make a list of parameters. */
export const array = (values: readonly unknown[]): SQL => tag`${tag.param([...values])}`;

export const join = (parts: SQL[], separator: SQL): SQL => tag.join(parts, separator);

export const and = (conditions: SQL[]): SQL => (conditions.length === 0 ? sql`true` : join(conditions.map((c) => sql`(${c})`), sql` and `));

export const or = (conditions: SQL[]): SQL => (conditions.length === 0 ? sql`false` : join(conditions.map((c) => sql`(${c})`), sql` or `));

/** A name as a string literal or comment part can be refused early: letters, digits, dot, dash and underscore only. */
const plainName = /^[a-z0-9._-]+$/i;

/** The marker comment by which the console's own diagnostic statements are known. */
export function marker(name: string): SQL {
  if (!plainName.test(name)) throw new Error(`not a plain name: ${JSON.stringify(name)}`);
  return tag.raw(`/* riskdesk:${name} */`);
}

/** Words that only this code chooses (directions, lock modes); anything else must bind or be an identifier. */
export function keyword(word: 'asc' | 'desc' | 'nulls first' | 'nulls last' | '<' | '>'): SQL {
  return tag.raw(word);
}

/** A whole number written into the text: a LIMIT that the planner knows lets it choose one plan for all values. */
export function inlineNumber(value: number): SQL {
  if (!Number.isSafeInteger(value)) throw new Error('not a whole number');
  return tag.raw(String(value));
}

/** A value as a literal, for DDL, which takes no parameters. */
export function literal(text: string): SQL {
  const quoted = text.replaceAll("'", "''");
  return tag.raw(quoted.includes('\\') ? ` E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`);
}

/** Text that PostgreSQL's own grammar has read as one statement of the kind that was asked for: `lib/pg/create-index.ts` and `lib/pg/table-statements.ts` alone say so. */
export type CheckedText = string & { readonly checked: true };

export const checkedText = (text: CheckedText): SQL => tag.raw(text);

export type Statement = { text: string; values: unknown[] };

const dialect = new PgDialect();

/** The text with `$1 …` and its values, as node-postgres takes them. */
export function render(statement: SQL): Statement {
  const { sql: text, params } = dialect.sqlToQuery(statement);
  return { text, values: params };
}

/** Escapes `%`, `_` and `\` of a search word for LIKE. */
export const likePattern = (word: string): string => `%${word.replace(/[\\%_]/g, (char) => `\\${char}`)}%`;
