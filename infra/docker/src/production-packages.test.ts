import { expect, test } from "vitest";
import { productionPackages } from "./production-packages.ts";

const lock = {
  packages: {
    "services/door": { dependencies: { "@our/base": "*", wire: "2.0.0", colors: "1.0.0" } },
    "libs/base": { dependencies: { wire: "1.0.0" }, devDependencies: { checker: "1.0.0" } },
    "libs/other": { dependencies: { far: "1.0.0" } },
    "node_modules/@our/base": { link: true, resolved: "libs/base" },
    "node_modules/@our/other": { link: true, resolved: "libs/other" },
    "node_modules/wire": { dependencies: { deep: "1.0.0" } },
    "libs/base/node_modules/wire": { optionalDependencies: { quick: "1.0.0", absent: "1.0.0" } },
    "node_modules/deep": { peerDependencies: { host: "1.0.0" } },
    "node_modules/host": {
      peerDependencies: { choice: "1.0.0" },
      peerDependenciesMeta: { choice: { optional: true } },
    },
    "node_modules/choice": {},
    "node_modules/quick": { dependencies: { engine: "1.0.0" } },
    "node_modules/engine": {},
    "node_modules/colors": {},
    "node_modules/checker": {},
    "node_modules/far": {},
  },
};

test("what a workspace needs is followed to the end, and nothing else comes along", () => {
  const found = productionPackages(lock, "services/door");
  expect(found.workspaces).toEqual(["libs/base", "services/door"]);
  expect(found.vendors).toEqual([
    "libs/base/node_modules/wire",
    "node_modules/colors",
    "node_modules/deep",
    "node_modules/engine",
    "node_modules/host",
    "node_modules/quick",
    "node_modules/wire",
  ]);
  expect([...found.optional].sort()).toEqual(["node_modules/engine", "node_modules/quick"]);
});

test("what is needed by one and optional for another is needed", () => {
  const colors = { optionalDependencies: { engine: "1.0.0" } };
  const packages = { ...lock.packages, "node_modules/colors": colors };
  const needs = { dependencies: { colors: "1.0.0", engine: "1.0.0" } };
  const found = productionPackages({ packages: { ...packages, "libs/one": needs } }, "libs/one");
  expect(found.optional.size).toBe(0);
});

test("a lock file that lacks something is told so", () => {
  const packages = { "services/door": { dependencies: { gone: "1.0.0" } } };
  const why = "package-lock.json has no gone for services/door";
  expect(() => productionPackages({ packages }, "services/door")).toThrow(why);
  expect(() => productionPackages({ packages }, "services/none")).toThrow("has no services/none");
});
