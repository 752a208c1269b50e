import type { Mutant } from "../mutants.ts";

/** Ways to get the engine and the client of the global tier wrong, each a change of one place. */
export const globalMutants: readonly Mutant[] = [];
