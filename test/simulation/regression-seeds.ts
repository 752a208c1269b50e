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
    seed: 3641,
    found:
      "a request that was doubled on its way was enqueued twice, the second time stalled for four " +
      "seconds: the place came after the release, and stood for the client's next list to find",
  },
  {
    seed: 5763,
    found: "a session was called ended by a look in the shards that began before it got its lease",
  },
];
