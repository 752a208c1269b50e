import { expect, it } from "vitest";
import { found, manifest } from "../planted.ts";
import { resolvedImports } from "./resolved-imports.ts";

it("refuses an import that leads to no file", () => {
  const planted = {
    "libs/base/package.json": manifest("@holdfast/base"),
    "libs/base/src/b.ts": "export const b = 1;\n",
    "libs/base/src/a.ts": [
      'import { b } from "./b.ts";',
      'import { c } from "./b";',
      'import { d } from "@holdfast/base/d";',
      'import { e } from "@holdfast/base";',
      'export const worker = new URL("worker.ts", import.meta.url);',
      'export const folder = new URL("../src", import.meta.url);',
      'import { f } from "/opt/f.ts";',
      'export const root = new URL("../../..", import.meta.url);',
      'export const built = new URL("../dist/main.js", import.meta.url);',
    ].join("\n"),
  };
  expect(found(resolvedImports, planted)).toEqual([
    'libs/base/src/a.ts:2 "./b" leads nowhere: there is no libs/base/src/b',
    'libs/base/src/a.ts:3 "@holdfast/base/d" leads nowhere: there is no libs/base/src/d.ts',
    'libs/base/src/a.ts:4 "@holdfast/base" leads nowhere: @holdfast/base exports nothing as "."',
    'libs/base/src/a.ts:7 "/opt/f.ts" leads nowhere: it is an absolute path',
    'libs/base/src/a.ts:5 "./worker.ts" leads nowhere: there is no libs/base/src/worker.ts',
  ]);
});
