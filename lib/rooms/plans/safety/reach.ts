import type { Ask } from '@/lib/kit/diagnostic';
import { addedCasts, firstOwnOid, foreignClasses, functionsById, functionsNamed, operatorsById, operatorsNamed, relationsById, relationsNamed, typesById, typesNamed, type FunctionRow, type OperatorRow } from './catalog';
import { judge, trustedExtensions } from './functions';
import type { Mode, Named, Refusal } from './statement';

/** OIDs yet to be looked at, and those that were. */
class Reached {
  private readonly waiting = new Set<number>();
  private readonly seen = new Set<number>();

  add(...oids: number[]): void {
    for (const oid of oids) if (oid > 0 && !this.seen.has(oid)) this.waiting.add(oid);
  }

  /** Everything that waits, which from now on was seen. */
  take(): number[] {
    const taken = [...this.waiting];
    for (const oid of taken) this.seen.add(oid);
    this.waiting.clear();
    return taken;
  }

  has(oid: number): boolean {
    return this.seen.has(oid);
  }
}

type Reach = { mode: Mode; relations: Reached; functions: Reached; operators: Reached; types: Reached; /** Functions of operators, which estimates call whatever their volatility. */ running: Reached; refusal: Refusal | null };

/** PostgreSQL writes a stored expression as a tree with the OIDs of all that it uses. An alias that looks like one can only lead to a refusal. */
const inTree = /:(funcid|opfuncid|aggfnoid|winfnoid|opno|relid|resulttype|hashfuncid|negfuncid) (\d+)/g;

function follow(tree: string, reach: Reach): void {
  for (const [, label, digits] of tree.matchAll(inTree)) {
    const oid = Number(digits);
    if (label === 'relid') reach.relations.add(oid);
    else if (label === 'opno') reach.operators.add(oid);
    else if (label === 'resulttype') addTypes(reach, [oid]);
    else reach.functions.add(oid);
  }
}

const addTypes = (reach: Reach, oids: number[]) => reach.types.add(...oids.filter((oid) => oid >= firstOwnOid));

/**
 * All that planning or running a statement can call, by the target's own catalog: what it names, what the views, policies,
 * indexes, checks, defaults and domains behind those names use, and so on. The first thing that is not known to be
 * harmless is the refusal. In the same transaction as the EXPLAIN, so that names mean the same to both.
 */
export async function unsafeReach(ask: Ask, named: Named, mode: Mode): Promise<Refusal | null> {
  const reach: Reach = { mode, relations: new Reached(), functions: new Reached(), operators: new Reached(), types: new Reached(), running: new Reached(), refusal: null };
  reach.running.add(...(await addedCasts(ask)));
  for (const row of await functionsNamed(ask, named.functions)) admit(row, reach, mode, true);
  reach.relations.add(...(await relationsNamed(ask, named.relations)));
  addTypes(reach, await typesNamed(ask, named));
  const candidates = await operatorsNamed(ask, named.operators);
  // Relations and types feed one another; operators of the candidates count where their types can occur.
  for (let round = 0; round < 50 && !reach.refusal; round += 1) {
    const grew = [await takeRelations(ask, reach), await takeTypes(ask, reach), await takeOperators(ask, reach, candidates), await takeFunctions(ask, reach)];
    if (!grew.some(Boolean)) return null;
  }
  return reach.refusal ?? { code: 'unproven', says: 'The statement leads through more views and functions than are followed here.' };
}

function admit(row: FunctionRow, reach: Reach, mode: Mode, byName: boolean): void {
  const verdict = judge(row, mode, byName);
  if (verdict === 'fine') return;
  addTypes(reach, [row.result]);
  if (verdict === 'follow') for (const tree of row.trees) follow(tree, reach);
  else reach.refusal ??= verdict;
}

async function takeRelations(ask: Ask, reach: Reach): Promise<boolean> {
  const oids = reach.relations.take();
  if (oids.length === 0) return false;
  const rows = await relationsById(ask, oids);
  for (const { name, kind, children, types, trees } of rows) {
    if (kind === 'f' && reach.mode === 'runs') reach.refusal ??= { code: 'foreign', says: `${name} is a foreign table: running the statement would do on another server, or in a program, what cannot be seen from here.` };
    reach.relations.add(...children);
    addTypes(reach, types);
    for (const tree of trees) follow(tree, reach);
  }
  const classes = rows.flatMap((row) => row.classes);
  const [unknown] = classes.length > 0 ? await foreignClasses(ask, classes, trustedExtensions) : [];
  if (unknown) reach.refusal ??= { code: 'unproven', says: `An index or partition key uses the operator class ${unknown}, whose functions planning calls and which is not known here.` };
  return true;
}

async function takeTypes(ask: Ask, reach: Reach): Promise<boolean> {
  const oids = reach.types.take();
  if (oids.length === 0) return false;
  for (const { within, relation, trees, casts } of await typesById(ask, oids)) {
    addTypes(reach, within);
    reach.relations.add(relation);
    reach.running.add(...casts);
    for (const tree of trees) follow(tree, reach);
  }
  return true;
}

async function takeOperators(ask: Ask, reach: Reach, candidates: OperatorRow[]): Promise<boolean> {
  const possible = (type: number) => type < firstOwnOid || reach.types.has(type);
  const meant = candidates.filter(({ oid, left, right }) => !reach.operators.has(oid) && possible(left) && possible(right));
  reach.operators.add(...meant.map(({ oid }) => oid));
  const oids = reach.operators.take();
  if (oids.length === 0) return false;
  for (const { code } of await operatorsById(ask, oids)) reach.running.add(code);
  return true;
}

async function takeFunctions(ask: Ask, reach: Reach): Promise<boolean> {
  const [called, running] = [reach.functions.take(), reach.running.take()];
  if (called.length + running.length === 0) return false;
  const rows = await functionsById(ask, [...called, ...running]);
  const runs = new Set(running);
  for (const row of rows) admit(row, reach, runs.has(row.oid) ? 'runs' : reach.mode, false);
  return true;
}
