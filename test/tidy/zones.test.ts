import { expect, it } from "vitest";
import { matchesPath } from "./zones.ts";

it.each([
  ["libs/*/src/main.ts", "libs/cli/src/main.ts", true],
  ["libs/*/src/main.ts", "libs/cli/src/deep/main.ts", false],
  ["**/main.ts", "main.ts", true],
  ["**/main.ts", "services/router/src/main.ts", true],
  ["**/main.ts", "services/router/src/domain.ts", false],
  ["test/**", "test/tidy/a.ts", true],
  ["test/**", "tests/a.ts", false],
  ["libs/base/src/**/clock.ts", "libs/base/src/clock.ts", true],
  ["libs/base/src/**/clock.ts", "libs/base/src/testing/clock.ts", true],
  ["a.ts", "axts", false],
])("the pattern %s and the path %s", (pattern, path, matches) => {
  expect(matchesPath(path, pattern)).toBe(matches);
});
