import { describe, expect, it } from "vitest";
import { found, manifest } from "../planted.ts";
import { importCircles } from "./import-circles.ts";

describe("import circles", () => {
  it("names every file of a circle, and the line of its first import", () => {
    const planted = {
      "libs/base/src/a.ts": '\nimport { b } from "./b.ts";\n',
      "libs/base/src/b.ts": 'import { c } from "./c.ts";\n',
      "libs/base/src/c.ts": 'import { a } from "./a.ts";\n',
    };
    expect(found(importCircles, planted)).toEqual([
      "libs/base/src/a.ts:2 import circle: libs/base/src/a.ts -> libs/base/src/b.ts -> " +
        "libs/base/src/c.ts -> libs/base/src/a.ts",
    ]);
  });

  it("sees circles of types and circles through two packages", () => {
    const planted = {
      "libs/x/package.json": manifest("@holdfast/x"),
      "libs/y/package.json": manifest("@holdfast/y"),
      "libs/x/src/a.ts": 'import type { B } from "@holdfast/y/b";\n',
      "libs/y/src/b.ts": 'import type { A } from "@holdfast/x/a";\n',
    };
    expect(found(importCircles, planted)).toHaveLength(1);
  });

  it("sees two circles that share a file", () => {
    const planted = {
      "libs/base/src/a.ts": 'import "./b.ts";\nimport "./c.ts";\n',
      "libs/base/src/b.ts": 'import "./a.ts";\n',
      "libs/base/src/c.ts": 'import "./a.ts";\n',
    };
    expect(found(importCircles, planted)).toHaveLength(2);
  });

  it("lets two files import a third", () => {
    const planted = {
      "libs/base/src/a.ts": 'import "./b.ts";\nimport "./c.ts";\n',
      "libs/base/src/b.ts": 'import "./c.ts";\n',
      "libs/base/src/c.ts": "export const c = 1;\n",
    };
    expect(found(importCircles, planted)).toEqual([]);
  });
});
