import { expect, it } from "vitest";
import { found } from "../planted.ts";
import { docComments } from "./doc-comments.ts";

it("refuses an export of a library that is not explained", () => {
  const planted = {
    "libs/core/src/a.ts": [
      "/** Explained. */",
      "export const one = 1;",
      "export function two(): void {}",
      "// a remark is no doc comment",
      "export interface Three {}",
      "/** Explained once for all its forms. */",
      "export function four(text: string): void;",
      "export function four(count: number): void;",
      "export function four(either: unknown): void {}",
      'export { five } from "./b.ts";',
      "/** Belongs to what comes next. */",
      "const hidden = 1;",
      "export const six = hidden;",
    ].join("\n"),
  };
  expect(found(docComments, planted)).toEqual([
    "libs/core/src/a.ts:3 two is exported without a doc comment",
    "libs/core/src/a.ts:5 Three is exported without a doc comment",
    "libs/core/src/a.ts:13 six is exported without a doc comment",
  ]);
});

it("asks nothing of tests, services and generated code", () => {
  const text = "export const one = 1;\n";
  const planted = {
    "libs/core/src/a.test.ts": text,
    "services/router/src/main.ts": text,
    "libs/api/src/generated/a.ts": text,
  };
  expect(found(docComments, planted)).toEqual([]);
});
