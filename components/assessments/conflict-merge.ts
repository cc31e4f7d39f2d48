import { format, type Unit } from '@/lib/units';
import { countryName } from './country-name';
import type { Draft, ListName } from './form-draft';

export type Side = 'mine' | 'theirs';

/** One thing in which two versions differ, as text to read. Null is a child that is not there. */
export type Difference = { /** `riskScore`, `factors/<id>` for a whole child, `factors/<id>/weight` for a part of one. */ key: string; label: string; base: string | null; mine: string | null; theirs: string | null; by: Side | 'both' };

/** Who wins, by a difference's key. */
export type Choices = Record<string, Side>;

type Shown = { label: string; unit: Unit };
type Child = { id?: string | undefined };
type List<C extends Child> = { name: ListName; one: string; /** What tells one child from another, for a person. */ called: (child: C) => string; parts: { [K in keyof C & string]?: Shown } };

const text = (label: string): Shown => ({ label, unit: 'text' });
const score = (label: string): Shown => ({ label, unit: 'score' });

const fields = {
  businessName: text('Business name'),
  businessAddress: text('Address'),
  industry: text('Industry'),
  country: text('Country'),
  riskScore: score('Score'),
  status: { label: 'Status', unit: 'status' },
  userId: { label: 'Owner', unit: 'code' },
} satisfies Partial<Record<keyof Draft, Shown>>;

type Field = keyof typeof fields;
const isField = (key: string): key is Field => key in fields;
const fieldKeys = Object.keys(fields).filter(isField);

const factors: List<Draft['factors'][number]> = {
  name: 'factors',
  one: 'Factor',
  called: ({ name }) => name,
  parts: { name: text('name'), category: text('category'), score: score('score'), weight: score('weight'), description: text('description') },
};

const predictions: List<Draft['predictions'][number]> = {
  name: 'predictions',
  one: 'Prediction',
  called: ({ horizonMonths }) => `${horizonMonths} months`,
  parts: { horizonMonths: { label: 'months', unit: 'count' }, predictedScore: score('score'), confidence: score('confidence'), modelUsed: text('model') },
};

const checks: List<Draft['complianceChecks'][number]> = {
  name: 'complianceChecks',
  one: 'Check',
  called: ({ checkType }) => checkType,
  parts: { checkType: text('type'), status: text('status'), result: text('result'), checkedAt: { label: 'checked', unit: 'time' } },
};

const shown = (field: Field, draft: Draft): string => format(field === 'country' && draft.country ? countryName(draft.country) : draft[field], fields[field].unit);

const partsOf = <C extends Child>({ parts }: List<C>): (keyof C & string)[] => Object.keys(parts).filter((key): key is keyof C & string => key in parts);

/** What it says beside what it is called by, which is the first of its parts. */
function summary<C extends Child>(list: List<C>, child: C): string {
  return partsOf(list).slice(1).flatMap((part) => (child[part] === null || child[part] === undefined ? [] : [`${list.parts[part]?.label} ${format(child[part], list.parts[part]?.unit ?? 'text')}`])).join(', ');
}

const isSame = <C extends Child>(list: List<C>, a: C, b: C): boolean => partsOf(list).every((part) => a[part] === b[part]);

/** Who moved away from the base, given that the two differ. */
const changedBy = (mineMoved: boolean, theirsMoved: boolean): Difference['by'] => (mineMoved && theirsMoved ? 'both' : mineMoved ? 'mine' : 'theirs');

function fieldDifferences(base: Draft, mine: Draft, theirs: Draft): Difference[] {
  return fieldKeys
    .filter((key) => mine[key] !== theirs[key])
    .map((key) => ({ key, label: fields[key].label, base: shown(key, base), mine: shown(key, mine), theirs: shown(key, theirs), by: changedBy(mine[key] !== base[key], theirs[key] !== base[key]) }));
}

type Versions<C> = { base: C | undefined; mine: C | undefined; theirs: C | undefined };

/** The same child in three versions. One of mine without an id is new, and goes by its place. */
function together<C extends Child>(base: readonly C[], mine: readonly C[], theirs: readonly C[]): [key: string, Versions<C>][] {
  const byId = (list: readonly C[], id: string | undefined) => (id === undefined ? undefined : list.find((child) => child.id === id));
  const own = mine.map((child, index): [string, Versions<C>] => [child.id ?? `new ${index}`, { base: byId(base, child.id), mine: child, theirs: byId(theirs, child.id) }]);
  const others = theirs.filter((child) => byId(mine, child.id) === undefined);
  return [...own, ...others.map((child): [string, Versions<C>] => [child.id ?? '', { base: byId(base, child.id), mine: undefined, theirs: child }])];
}

function childDifferences<C extends Child>(list: List<C>, base: readonly C[], mine: readonly C[], theirs: readonly C[]): Difference[] {
  return together(base, mine, theirs).flatMap(([id, versions]): Difference[] => {
    const { base: from, mine: ours, theirs: other } = versions;
    const either = ours ?? other;
    if (!either) return [];
    if (ours && other) return partDifferences(list, id, { base: from ?? other, mine: ours, theirs: other });
    const moved = (now: C | undefined) => (now && from ? !isSame(list, now, from) : Boolean(now) !== Boolean(from));
    const label = `${list.one} ${list.called(either)}`;
    const say = (child: C | undefined) => (child ? summary(list, child) : null);
    return [{ key: `${list.name}/${id}`, label, base: say(from), mine: say(ours), theirs: say(other), by: changedBy(moved(ours), moved(other)) }];
  });
}

function partDifferences<C extends Child>(list: List<C>, id: string, { base, mine, theirs }: { base: C; mine: C; theirs: C }): Difference[] {
  return partsOf(list)
    .filter((part) => mine[part] !== theirs[part])
    .map((part) => {
      const { label, unit } = list.parts[part] ?? text(part);
      const say = (child: C) => format(child[part], unit);
      return { key: `${list.name}/${id}/${part}`, label: `${list.one} ${list.called(base)}: ${label}`, base: say(base), mine: say(mine), theirs: say(theirs), by: changedBy(mine[part] !== base[part], theirs[part] !== base[part]) };
    });
}

/** In what the two versions differ, and which of them moved away from the one that both began with. */
export function differences(base: Draft, mine: Draft, theirs: Draft): Difference[] {
  return [
    ...fieldDifferences(base, mine, theirs),
    ...childDifferences(factors, base.factors, mine.factors, theirs.factors),
    ...childDifferences(predictions, base.predictions, mine.predictions, theirs.predictions),
    ...childDifferences(checks, base.complianceChecks, mine.complianceChecks, theirs.complianceChecks),
  ];
}

/** What only one of them changed is theirs to keep; what both changed has no answer before somebody gives it. */
export const firstChoices = (found: readonly Difference[]): Choices => Object.fromEntries(found.flatMap(({ key, by }) => (by === 'both' ? [] : [[key, by]])));

function mergeList<C extends Child>(list: List<C>, mine: readonly C[], theirs: readonly C[], choices: Choices): C[] {
  return together([], mine, theirs).flatMap(([id, { mine: ours, theirs: other }]): C[] => {
    const key = `${list.name}/${id}`;
    const winner = choices[key] === 'theirs' ? other : ours;
    if (!ours || !other) return winner ? [winner] : [];
    const taken = partsOf(list).filter((part) => choices[`${key}/${part}`] === 'theirs');
    return [{ ...ours, ...Object.fromEntries(taken.map((part) => [part, other[part]])) }];
  });
}

/** My version with theirs wherever they win. */
export function merge(mine: Draft, theirs: Draft, choices: Choices): Draft {
  const field = <K extends Field>(key: K): Draft[K] => (choices[key] === 'theirs' ? theirs : mine)[key];
  return {
    userId: field('userId'),
    businessName: field('businessName'),
    businessAddress: field('businessAddress'),
    industry: field('industry'),
    country: field('country'),
    riskScore: field('riskScore'),
    status: field('status'),
    factors: mergeList(factors, mine.factors, theirs.factors, choices),
    predictions: mergeList(predictions, mine.predictions, theirs.predictions, choices),
    complianceChecks: mergeList(checks, mine.complianceChecks, theirs.complianceChecks, choices),
  };
}

/** What differs from `from` in `to`, and nothing else: a list that is sent replaces the whole. */
export function changeOf(from: Draft, to: Draft): Partial<Draft> {
  const changed = new Set(differences(from, to, from).map(({ key }) => key.split('/')[0]));
  return Object.fromEntries(Object.entries(to).filter(([key]) => changed.has(key)));
}
