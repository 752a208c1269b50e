/** What came of one suite. */
export interface Outcome {
  readonly suite: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly durationMs: number;
  /** Why it failed or skipped, one sentence each. */
  readonly notes: readonly string[];
}

/** Numbers of tests. */
export type Counts = Pick<Outcome, "passed" | "failed" | "skipped">;

/** The sum of all suites. */
export function totals(outcomes: readonly Outcome[]): Counts {
  const sum = (of: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + of(outcome), 0);
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
  };
}
