import { expect, it } from "vitest";
import { found } from "../planted.ts";
import { bannedPaths } from "./banned-paths.ts";

it("refuses names that say nothing and names that are not kebab-case", () => {
  const planted = {
    "libs/core/src/utils.ts": "",
    "libs/common/src/a.ts": "",
    "libs/core/src/helpers/b.ts": "",
    "libs/core/src/lockState.ts": "",
    "libs/core/src/lock_state.test.ts": "",
  };
  expect(found(bannedPaths, planted)).toEqual([
    'libs/core/src/utils.ts:0 the name "utils.ts" says nothing',
    'libs/common:0 the name "common" says nothing',
    'libs/core/src/helpers:0 the name "helpers" says nothing',
    'libs/core/src/lockState.ts:0 "lockState.ts" is not kebab-case',
    'libs/core/src/lock_state.test.ts:0 "lock_state.test.ts" is not kebab-case',
  ]);
});

it("lets documents, settings and the proto tree have their customary names", () => {
  const planted = {
    "README.md": "",
    LICENSE: "",
    ".gitattributes": "",
    ".ci/run": "",
    "vitest.config.ts": "",
    "libs/api/proto/google/rpc/error_details.proto": "",
    "libs/api/src/generated/error_details.ts": "",
    "libs/core/src/lock-state.test.ts": "",
  };
  expect(found(bannedPaths, planted)).toEqual([]);
});
