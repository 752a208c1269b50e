import { expect, it } from "vitest";
import { found } from "../planted.ts";
import { bannedSyntax } from "./banned-syntax.ts";

it.each([
  ["export *", 'export * from "./b.ts";'],
  ["enum", "enum Color { red }"],
  ["enum", "const enum Color { red }"],
  ["namespace", "namespace Colors { export const red = 1; }"],
  ["parameter property", "class Point { constructor(private readonly x: number) {} }"],
])("refuses %s: %s", (what, text) => {
  expect(found(bannedSyntax, { "libs/base/src/a.ts": `\n${text}\n` })).toEqual([
    `libs/base/src/a.ts:2 ${what}`,
  ]);
});

it("refuses a file that cannot be parsed, instead of passing it by", () => {
  expect(found(bannedSyntax, { "libs/base/src/a.ts": "const = 1;\n" })).toEqual([
    expect.stringMatching(/^libs\/base\/src\/a.ts:1 cannot be parsed: /),
  ]);
});

it("leaves generated code alone", () => {
  expect(found(bannedSyntax, { "libs/api/src/generated/a.ts": "enum Color { red }" })).toEqual([]);
});
