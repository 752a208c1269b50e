import { describe, expect, it } from "vitest";
import { found } from "../planted.ts";
import { columnsMax, fileLinesMax, functionLinesMax, sizes } from "./sizes.ts";

const path = "libs/core/src/a.ts";
const lines = (count: number): string => "a();\n".repeat(count);

describe("sizes", () => {
  it("lets a file be as long as the limit, and not one line longer", () => {
    expect(found(sizes, { [path]: lines(fileLinesMax) })).toEqual([]);
    expect(found(sizes, { [path]: lines(fileLinesMax + 1) })).toEqual([
      `${path}:0 501 lines in one file; 500 is the limit`,
    ]);
  });

  it.each([
    ["grow", "function grow() {", "}"],
    ["grow", "const grow = async () => {", "};"],
    ["grow", "class Tree { grow() {", "}}"],
    ["a function", "run(() => {", "});"],
  ])("holds %s to the limit: %s", (name, before, after) => {
    const text = (body: number): string => `\n${before}\n${lines(body)}${after}\n`;
    expect(found(sizes, { [path]: text(functionLinesMax - 2) })).toEqual([]);
    expect(found(sizes, { [path]: text(functionLinesMax - 1) })).toEqual([
      `${path}:2 ${name}: 71 lines; 70 is the limit`,
    ]);
  });

  it("lets groups of tests be long, but no single test", () => {
    const group = (body: string): string => `describe.each([1])("x", () => {\n${body}});\n`;
    expect(found(sizes, { [path]: group(lines(functionLinesMax)) })).toEqual([]);
    const test = `it("y", () => {\n${lines(functionLinesMax)}});\n`;
    expect(found(sizes, { [path]: group(test) })).toHaveLength(1);
  });

  it("refuses a comment beyond the last column, unless it holds a web address", () => {
    const comment = (text: string): string => `// ${text}`.padEnd(columnsMax + 1, "x");
    expect(found(sizes, { [path]: `\n${comment("long")}\n` })).toEqual([
      `${path}:2 a comment of 101 columns`,
    ]);
    expect(found(sizes, { [path]: comment("https://example.org/") })).toEqual([]);
  });
});
