import { isTree, namesOf, type Tree } from '@/lib/pg/parser';
import type { Entry, RelationShape, Source, WithQuery } from './types';

/** What names mean at one place of a statement: FROM, what is around it, and the queries that WITH names. */
export class Scope {
  readonly entries: Entry[] = [];
  /** Columns that USING or NATURAL made one of two. */
  readonly merged = new Set<string>();
  /** Set as soon as a name is found around it. */
  correlated = false;

  constructor(
    readonly query: number,
    readonly parent: Scope | null,
    readonly withs: Map<string, WithQuery>,
    private readonly columnsOf: (relation: number) => readonly string[] | null,
  ) {}

  /** The entry that an alias, or a relation's name, means. */
  entry(alias: string, schema: string | null = null): Entry | null {
    const found = this.entries.find((one) => one.alias === alias && (schema === null || one.schema === schema));
    if (found || !this.parent) return found ?? null;
    const outer = this.parent.entry(alias, schema);
    if (outer) this.correlated = true;
    return outer;
  }

  private source({ relation, outputs }: Entry, column: string): Source | null | 'none' {
    if (relation === null) {
      const output = outputs?.find(({ name }) => name === column);
      return output ? output.source : 'none';
    }
    const columns = this.columnsOf(relation);
    return columns === null || columns.includes(column) ? { relation, column, through: true } : 'none';
  }

  /** The column that a reference means; null where it is none of a relation, or cannot be told. */
  column(names: string[]): Source | null {
    const name = names.at(-1) ?? '';
    if (names.length > 1) {
      const entry = this.entry(names.at(-2) ?? '', names.length > 2 ? (names.at(-3) ?? null) : null);
      const source = entry ? this.source(entry, name) : null;
      return source === 'none' ? null : source;
    }
    return this.unqualified(name);
  }

  private unqualified(name: string): Source | null {
    const sure = this.entries.filter((entry) => this.isSure(entry) && this.source(entry, name) !== 'none');
    const [first] = sure;
    if (first && (sure.length === 1 || this.merged.has(name))) {
      const source = this.source(first, name);
      return source === 'none' ? null : source;
    }
    if (first) return null;
    const [only, ...others] = this.entries.filter((entry) => !this.isSure(entry));
    // A relation that the catalog does not know is taken for the owner only where nothing else could be.
    if (only) return others.length === 0 && this.entries.length === 1 && !this.parent && only.relation !== null ? { relation: only.relation, column: name, through: true } : null;
    const outer = this.parent?.unqualified(name) ?? null;
    if (outer) this.correlated = true;
    return outer;
  }

  private isSure({ relation, outputs }: Entry): boolean {
    return relation === null ? outputs !== null : this.columnsOf(relation) !== null;
  }

  with(name: string): WithQuery | null {
    return this.withs.get(name) ?? this.parent?.with(name) ?? null;
  }
}

export const starIn = (column: Tree): boolean => Array.isArray(column['fields']) && column['fields'].some((field) => isTree(field) && 'A_Star' in field);

export function markRead(relation: RelationShape | undefined, column: string): void {
  if (relation && relation.reads !== 'all' && !relation.reads.includes(column)) relation.reads.push(column);
}

/** A reference as its names; none for `*`. */
export const fieldsOf = (column: Tree): string[] => namesOf(column['fields']);
