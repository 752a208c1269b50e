/** What came of one check. */
export interface CheckEnd {
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  readonly seconds: number;
  /** Figures, or why not. */
  readonly text: string;
}

const words = { passed: "ok", failed: "FAILED", skipped: "skipped" } as const;

/** A check's line. */
export function lineOf({ name, outcome, seconds, text }: CheckEnd): string {
  return `${words[outcome].padEnd(8)}${seconds.toFixed(0).padStart(5)} s  ${name}: ${text}`;
}

/** All of them, for pasting; ends with how many passed and failed. */
export function reportOf(about: string, ends: readonly CheckEnd[]): string {
  const count = (outcome: CheckEnd["outcome"]) =>
    ends.filter((end) => end.outcome === outcome).length;
  const skipped = count("skipped") === 0 ? "" : `, ${count("skipped")} skipped`;
  const minutes = ends.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  return [
    about,
    ...ends.map(lineOf),
    `${count("passed")} passed, ${count("failed")} failed${skipped}, in ${minutes.toFixed(1)} minutes`,
  ].join("\n");
}
