import { describe, expect, it } from "vitest";
import { moduleFacts } from "./module-facts.ts";
import { columnsMax } from "./rules/sizes.ts";
import { wrapComments } from "./wrap-comments.ts";

function wrapped(...lines: string[]): string[] {
  const text = lines.join("\n");
  return wrapComments({ text, facts: moduleFacts("a.ts", text) }).split("\n");
}

const fits = "x".repeat(columnsMax - 8);

describe("wrapping comments", () => {
  it("opens a doc comment of one line", () => {
    expect(wrapped(`  /** ${fits} is long. */`, "  export const a = 1;")).toEqual([
      "  /**",
      `   * ${fits} is`,
      "   * long.",
      "   */",
      "  export const a = 1;",
    ]);
  });

  it("opens a doc comment whose one word cannot be broken, and adds no empty line", () => {
    expect(wrapped(`/** ${fits} */`, "export const a = 1;")).toEqual([
      `/** ${fits} */`,
      "export const a = 1;",
    ]);
    expect(wrapped(`/** ${fits}${fits} */`)).toEqual(["/**", ` * ${fits}${fits}`, " */"]);
  });

  it("moves what overflows to the line that goes on", () => {
    expect(wrapped(`// ${fits} is long`, "// and goes on.", "", "// Another.")).toEqual([
      `// ${fits} is`,
      "// long and goes on.",
      "",
      "// Another.",
    ]);
  });

  it.each(["// - a list", "//", "// | a table |", "// 1. a step"])("stops before %s", (next) => {
    expect(wrapped(`// ${fits} is long`, next)).toEqual([`// ${fits} is`, "// long", next]);
  });

  it("keeps the items of a list under their first word", () => {
    expect(wrapped(`// - ${fits} is long`, "//   and goes on", "// - next")).toEqual([
      `// - ${fits} is`,
      "//   long and goes on",
      "// - next",
    ]);
    expect(wrapped(`// - ${fits} is long`)).toEqual([`// - ${fits} is`, "//   long"]);
    expect(wrapped(`//   ${fits} is long`)).toEqual([`//   ${fits} is`, "//   long"]);
  });

  it("wraps what the overflow makes too long", () => {
    expect(wrapped(`// ${fits} one two`, `// ${fits} end`)).toEqual([
      `// ${fits} one`,
      `// two ${fits}`,
      "// end",
    ]);
  });

  it.each([
    `const a = 1; // ${fits} is long`,
    `// https://example.org/${fits} is long`,
    `// ${fits}${fits}`,
    `const text = "// ${fits} is long";`,
    `// ${fits}`,
  ])("leaves %s", (line) => {
    expect(wrapped(line)).toEqual([line]);
  });
});
