import { z } from 'zod';
import type { Unit } from '@/lib/units';

/** One column of a diagnostic's rows: the value's schema, its unit and its heading. */
export type Column<T = unknown> = { label: string; unit: Unit; nullable: boolean; note?: string; nests?: string; schema: z.ZodType<T> };

type Options = { note?: string; /** Rows are a tree in their given order, and this column says how deep each stands. */ nests?: string };

const finite = z.number();
const isoTime = z.string();

function column<T>(unit: Unit, schema: z.ZodType<T>) {
  return (label: string, options: Options = {}): Column<T> => ({ label, unit, schema, nullable: false, ...options });
}

/** Column constructors, one a unit. `maybe` allows NULL: unknown, which is shown as such and never as zero. */
export const col = {
  text: column('text', z.string()),
  /** An identifier: monospaced, copyable. */
  code: column('code', z.string()),
  /** A statement's text: one line with the whole in a block. */
  sql: column('sql', z.string()),
  count: column('count', finite),
  /** How many on average: with its decimals. */
  mean: column('score', finite),
  bytes: column('bytes', finite),
  ms: column('ms', finite),
  /** 0–1, shown as a percentage. */
  ratio: column('ratio', finite),
  time: column('time', isoTime),
  flag: column('flag', z.boolean()),
  maybe: <T>(inner: Column<T>): Column<T | null> => ({ ...inner, nullable: true, schema: inner.schema.nullable() }),
};

export type Columns = Record<string, Column>;

export type RowOf<C extends Columns> = { [K in keyof C]: C[K] extends Column<infer T> ? T : never };

/** A column as the browser gets it: no schema, only what a table draws. */
export type ColumnView = { key: string; label: string; unit: Unit; nullable: boolean; note?: string; nests?: string };

export function columnViews(columns: Columns): ColumnView[] {
  return Object.entries(columns).map(([key, { label, unit, nullable, note, nests }]) => ({ key, label, unit, nullable, ...(note === undefined ? {} : { note }), ...(nests === undefined ? {} : { nests }) }));
}
