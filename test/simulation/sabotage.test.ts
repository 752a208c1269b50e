import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mutants } from "./mutants.ts";
import { sabotaged } from "./sabotage.ts";

const edit = { file: "a.ts", find: "one", replace: "two" };

test("an edit changes the one place it names", () => {
  expect(sabotaged("let one = 1;", [edit])).toBe("let two = 1;");
});

test("an edit whose line is gone, or is there twice, is refused", () => {
  expect(() => sabotaged("nothing here", [edit])).toThrow("0 times instead of once: one");
  expect(() => sabotaged("one and one", [edit])).toThrow("2 times instead of once: one");
});

test("every mutant still finds the lines it changes", () => {
  for (const { edits } of mutants) {
    for (const [file, own] of Map.groupBy(edits, (it) => it.file)) {
      const source = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
      expect(sabotaged(source, own)).not.toBe(source);
    }
  }
});

test("mutants have names of their own", () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});
