import type { Counts } from "./outcome.ts";

/** What a run of vitest came to, as {@link CountingReporter} writes it. */
export interface VitestReport extends Counts {
  /** What failed: the test's full name, and what was wrong with it. */
  readonly failures: readonly string[];
}

/** The part of a test, of a group or of a file that is read here. */
export interface Tested {
  readonly fullName: string;
  readonly state: string;
  readonly errors: readonly { readonly message?: string | undefined }[];
}

/** Lines of an error that are kept: what was expected, and not how all of it compares. */
const errorLinesMax = 8;
const errorCharsMax = 1_000;

/**
 * Counts the tests. What failed besides them counts once each: a file that could not be loaded, and
 * a group whose preparation failed, which vitest calls skipped.
 */
export function reportOf(tests: readonly Tested[], besides: readonly Tested[]): VitestReport {
  const failed = tests.filter(({ state }) => state === "failed");
  const passed = tests.filter(({ state }) => state === "passed").length;
  const broken = besides.filter(({ errors }) => errors.length > 0);
  const failures = [...failed, ...broken].map(describeFailure);
  const skipped = tests.length - passed - failed.length;
  return { passed, failed: failures.length, skipped, failures };
}

function describeFailure({ fullName, errors }: Tested): string {
  const messages = errors.map(({ message }) => message ?? "").join("\n");
  const lines = messages.split("\n").filter((line) => line.trim() !== "");
  const said = lines.slice(0, errorLinesMax).map((line) => `    ${line}`);
  return [fullName, ...said].join("\n").slice(0, errorCharsMax);
}
