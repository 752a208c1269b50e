import type { RegressionSeed } from "../regression-seeds.ts";

/** Seeds that failed once, each with what it found; a change of the workload empties the list. */
export const globalRegressionSeeds: readonly RegressionSeed[] = [];
