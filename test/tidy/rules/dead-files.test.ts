import { describe, expect, it } from "vitest";
import { found, manifest } from "../planted.ts";
import { deadFiles } from "./dead-files.ts";

const alive = {
  "services/router/package.json": manifest("@holdfast/service-router"),
  "services/router/src/main.ts": 'import { used } from "../../../libs/core/src/used.ts";\n',
  "libs/core/src/used.ts": "export const used = 1;\n",
};

describe("dead files", () => {
  it("refuses a file that nothing imports, and two that only import each other", () => {
    const planted = {
      ...alive,
      "libs/core/src/alone.ts": "export const alone = 1;\n",
      "libs/core/src/left.ts": 'import "./right.ts";\n',
      "libs/core/src/right.ts": 'import "./left.ts";\n',
    };
    expect(found(deadFiles, planted)).toEqual([
      "libs/core/src/alone.ts:0 is imported by nothing",
      "libs/core/src/left.ts:0 is imported by nothing",
      "libs/core/src/right.ts:0 is imported by nothing",
    ]);
  });

  it("refuses a file of the product that only tests import", () => {
    const planted = {
      ...alive,
      "libs/core/src/tested.ts": "export const tested = 1;\n",
      "libs/core/src/tested.test.ts": 'import { tested } from "./tested.ts";\n',
      "libs/core/src/simulated.ts": "export const simulated = 1;\n",
      "test/simulation/a.test.ts": 'import "../../libs/core/src/simulated.ts";\n',
    };
    expect(found(deadFiles, planted)).toEqual([
      "libs/core/src/tested.ts:0 is imported by tests alone",
      "libs/core/src/simulated.ts:0 is imported by tests alone",
    ]);
  });

  it("lets files for tests be used by tests, and refuses them unused", () => {
    const planted = {
      ...alive,
      "libs/client/src/testing/fake.ts": "export const fake = 1;\n",
      "libs/simulator/src/network.ts": "export const network = 1;\n",
      "test/drills/fault.ts": "export const fault = 1;\n",
      "test/drills/unused.ts": "export const unused = 1;\n",
      "test/drills/a.test.ts": [
        'import "../../libs/client/src/testing/fake.ts";',
        'import "../../libs/simulator/src/network.ts";',
        'import "./fault.ts";',
      ].join("\n"),
    };
    expect(found(deadFiles, planted)).toEqual(["test/drills/unused.ts:0 is imported by nothing"]);
  });

  it("begins at processes, scripts, commands, named exports and located workers", () => {
    const planted = {
      "package.json": manifest("holdfast", [], {
        scripts: { start: "node infra/bootstrap.mjs infra/local/src/start.ts" },
        bin: { holdfast: "./libs/cli/src/main.ts" },
        exports: { ".": "./libs/client/src/connect.ts" },
      }),
      "vitest.config.ts": "",
      "infra/bootstrap.mjs": "",
      "infra/local/src/start.ts": 'new URL("./worker.ts", import.meta.url);\n',
      "infra/local/src/worker.ts": "",
      "libs/cli/src/main.ts": "",
      "libs/client/src/connect.ts": "",
    };
    expect(found(deadFiles, planted)).toEqual([]);
  });
});
