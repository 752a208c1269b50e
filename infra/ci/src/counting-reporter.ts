import { writeFileSync } from "node:fs";
import { reportOf, type Tested } from "./vitest-report.ts";

/**
 * Names the file that the counts of a run of vitest are written to, as JSON; none if it is absent.
 */
export const reportFileVariable = "HOLDFAST_VITEST_REPORT";

type Errors = Tested["errors"];

/** A group of tests, as vitest has it (`TestSuite`). */
interface Group {
  readonly fullName: string;
  state(): string;
  errors(): Errors;
}

/** A file of tests, as vitest has it (`TestModule`). */
interface TestFile {
  readonly relativeModuleId: string;
  readonly children: {
    allTests(): Iterable<{
      readonly fullName: string;
      result(): { readonly state: string; readonly errors?: Errors | undefined };
    }>;
    allSuites(): Iterable<Group>;
  };
  state(): string;
  errors(): Errors;
}

/** A reporter of vitest that writes the counts of a run, and what failed in it, to a file. */
export function countingReporter(file: string) {
  return {
    onTestRunEnd(files: readonly TestFile[], unhandled: Errors): void {
      const tests = files.flatMap(({ children }) => [...children.allTests()]);
      const groups = files.flatMap(({ children }) => [...children.allSuites()]);
      const besides: Tested[] = [
        ...groups.map((each) => ({
          fullName: each.fullName,
          state: each.state(),
          errors: each.errors(),
        })),
        ...files.map((each) => ({
          fullName: each.relativeModuleId,
          state: each.state(),
          errors: each.errors(),
        })),
        { fullName: "outside of all tests", state: "failed", errors: unhandled },
      ];
      const tested = tests.map((test) => {
        const { state, errors = [] } = test.result();
        return { fullName: test.fullName, state, errors };
      });
      writeFileSync(file, JSON.stringify(reportOf(tested, besides)));
    },
  };
}
