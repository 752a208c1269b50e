/** A seed that failed once, and what it found; to be kept for as long as it reaches that place. */
export interface RegressionSeed {
  readonly seed: number;
  readonly found: string;
}

/**
 * Seeds mean something only with the workload they were found with: a change of it empties the
 * list.
 */
export const regressionSeeds: readonly RegressionSeed[] = [
  {
    seed: 5763,
    found: "a session was called ended by a look in the shards that began before it got its lease",
  },
];
