import { describe, expect, it } from "vitest";
import { found, manifest } from "../planted.ts";
import { floors } from "./floors.ts";

/** A repository with a file in each of two folders, the first importing the second. */
function importing(from: string, to: string): Record<string, string> {
  return {
    [`${from}/package.json`]: manifest(`@holdfast/${from}`),
    [`${to}/package.json`]: manifest("@holdfast/target"),
    [`${from}/src/a.ts`]: 'import { b } from "@holdfast/target/b";\n',
    [`${to}/src/b.ts`]: "export const b = 1;\n",
  };
}

describe("floors", () => {
  it.each([
    ["libs/core", "libs/engine"],
    ["libs/base", "libs/core"],
    ["libs/core", "libs/runtime"],
    ["libs/engine", "libs/api"],
    ["libs/engine", "libs/runtime"],
    ["libs/engine", "libs/adapters/etcd"],
    ["libs/adapters/etcd", "libs/adapters/grpc"],
    ["libs/client", "libs/cli"],
    ["libs/client", "services/router"],
    ["services/router", "services/placement"],
    ["services/router", "libs/simulator"],
    ["services/router", "infra/local"],
    ["infra/local", "libs/simulator"],
    ["libs/cli", "test"],
  ])("refuses %s importing %s", (from, to) => {
    expect(found(floors, importing(from, to))).toEqual([
      expect.stringMatching(`^${from}/src/a.ts:1 ${from} imports ${to}`),
    ]);
  });

  it.each([
    ["libs/core", "libs/base"],
    ["libs/engine", "libs/core"],
    ["libs/adapters/etcd", "libs/engine"],
    ["libs/cli", "libs/client"],
    ["services/router", "libs/adapters/grpc"],
    ["infra/local", "infra/toolchain"],
    ["test", "libs/simulator"],
  ])("lets %s import %s", (from, to) => {
    expect(found(floors, importing(from, to))).toEqual([]);
  });

  it("refuses a folder that stands on no floor", () => {
    expect(found(floors, importing("libs/attic", "libs/base"))).toEqual([
      "libs/attic/src/a.ts:1 libs/attic/ stands on no floor",
    ]);
  });

  it("refuses a relative path into another package", () => {
    const planted = {
      ...importing("libs/core", "libs/base"),
      "libs/core/src/a.ts": '\nimport { b } from "../../base/src/b.ts";\n',
    };
    expect(found(floors, planted)).toEqual([
      "libs/core/src/a.ts:2 reaches into @holdfast/target by a relative path",
    ]);
  });

  it("refuses importing a test file", () => {
    const planted = {
      "libs/core/package.json": manifest("@holdfast/core"),
      "libs/core/src/a.ts": 'import { b } from "./b.test.ts";\n',
      "libs/core/src/b.test.ts": "export const b = 1;\n",
    };
    expect(found(floors, planted)).toEqual([
      "libs/core/src/a.ts:1 imports the test file libs/core/src/b.test.ts",
    ]);
  });
});
