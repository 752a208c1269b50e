import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sabotaged } from "../sabotage/sabotage.ts";
import { mutants } from "./mutants.ts";

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
