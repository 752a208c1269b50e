import { defineConfig } from "vitest/config";
import { countingReporter, reportFileVariable } from "./infra/ci/src/counting-reporter.ts";

/**
 * The test suites, each a vitest project that can be run by name
 * (`npx vitest run --project simulation`). Everything that is not one of the named folders below
 * `test/` is a unit test, so no test file can fall between two suites.
 */
const suiteFolders = [
  "tidy",
  "contract",
  "simulation",
  "model",
  "integration",
  "deploy",
  "drills",
  "e2e",
];

/**
 * A suite whose files start servers: one file at a time, or they starve each other on two cores.
 */
function oneAtATime(name: string, testTimeoutMs: number) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      fileParallelism: false,
      testTimeout: testTimeoutMs,
      hookTimeout: testTimeoutMs,
    },
  };
}

const reportFile = process.env[reportFileVariable];

export default defineConfig({
  test: {
    reporters: ["default", ...(reportFile === undefined ? [] : [countingReporter(reportFile)])],
    // A test that was focused with `.only` would silently leave out the rest of its file.
    allowOnly: false,
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: "unit",
          include: ["{libs,services,infra}/**/src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: ["**/node_modules/**", ...suiteFolders.map((folder) => `test/${folder}/**`)],
          testTimeout: 10_000,
        },
      },
      { test: { name: "tidy", include: ["test/tidy/**/*.test.ts"], testTimeout: 60_000 } },
      {
        test: {
          name: "simulation",
          include: ["test/{simulation,model}/**/*.test.ts"],
          // A bound on what never ends: it yields to whatever else the machine does.
          testTimeout: 2_400_000,
        },
      },
      oneAtATime("contract", 120_000),
      oneAtATime("integration", 120_000),
      oneAtATime("deploy", 120_000),
      oneAtATime("drills", 300_000),
      oneAtATime("e2e", 180_000),
    ],
  },
});
