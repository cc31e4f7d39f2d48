/** How often a test that is also one of `npm run test:faults` tries; a few times unless told. */
export const rounds = Number(process.env.FAULT_ROUNDS || 8);

/** Where random choices begin: the same each time unless told, so that what was found is found again. */
export const seed = Number(process.env.FAULT_SEED || 20_261_124);
