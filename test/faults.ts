/** How often a test that is also one of `npm run test:faults` tries; a few times unless told. */
export const rounds = Number(process.env.FAULT_ROUNDS || 8);

/** Where random choices begin: the same each time unless told, so that what was found is found again. */
export const seed = Number(process.env.FAULT_SEED || 20_261_124);

/** A small deterministic source of whole numbers from 0 to below the bound, so that a failure comes back. */
export function numbers(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}
