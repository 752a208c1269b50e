import { describe, expect, it } from "vitest";
import { found, manifest } from "../planted.ts";
import { declaredDependencies } from "./declared-dependencies.ts";

const base = {
  "package.json": manifest("holdfast", [], { devDependencies: { vitest: "1.0.0" } }),
  "libs/base/package.json": manifest("@holdfast/base"),
  "libs/base/src/b.ts": "export const b = 1;\n",
};

describe("declared dependencies", () => {
  it("refuses a package or a vendor that is not declared", () => {
    const planted = {
      ...base,
      "libs/core/package.json": manifest("@holdfast/core"),
      "libs/core/src/a.ts": 'import { b } from "@holdfast/base/b";\nimport pg from "pg";\n',
    };
    expect(found(declaredDependencies, planted)).toEqual([
      "libs/core/src/a.ts:1 @holdfast/base is not a dependency of @holdfast/core",
      "libs/core/src/a.ts:2 pg is not a dependency of @holdfast/core",
    ]);
  });

  it("sees imports of types, re-exports and import()", () => {
    const planted = {
      ...base,
      "libs/core/package.json": manifest("@holdfast/core"),
      "libs/core/src/a.ts": [
        'import type { B } from "one";',
        'export { c } from "two/part";',
        'export const d = await import("@three/d");',
        'export type E = import("four").E;',
      ].join("\n"),
    };
    expect(found(declaredDependencies, planted)).toEqual([
      expect.stringContaining("a.ts:1 one is not"),
      expect.stringContaining("a.ts:2 two is not"),
      expect.stringContaining("a.ts:3 @three/d is not"),
      expect.stringContaining("a.ts:4 four is not"),
    ]);
  });

  it("refuses a declaration that nothing uses, at its line", () => {
    const planted = {
      ...base,
      "libs/core/package.json": manifest("@holdfast/core", ["@holdfast/base", "pg"]),
      "libs/core/src/a.ts": 'import { b } from "@holdfast/base/b";\n',
    };
    expect(found(declaredDependencies, planted)).toEqual([
      "libs/core/package.json:8 declares pg, which nothing in it imports",
    ]);
  });

  it("lets tests, and only them, use the development dependencies of the root", () => {
    const uses = 'import { it } from "vitest";\n';
    const planted = {
      ...base,
      "libs/base/src/b.test.ts": uses,
      "libs/base/src/c.ts": uses,
    };
    expect(found(declaredDependencies, planted)).toEqual([
      "libs/base/src/c.ts:1 vitest is not a dependency of @holdfast/base",
    ]);
  });
});
