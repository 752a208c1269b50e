import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sabotaged } from "../../sabotage/sabotage.ts";
import { hazards } from "./hazards.ts";
import { tableOf } from "./table.ts";

const readme = new URL("../README.md", import.meta.url);

test("all seven hazards are there, each with a guard whose loss is noticed", () => {
  expect(hazards.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  for (const { scenarios } of hazards) {
    expect(scenarios.flatMap(({ guards }) => guards).length).toBeGreaterThan(0);
  }
});

describe("every guard is where the table says, once", () => {
  const guards = hazards.flatMap(({ scenarios }) => scenarios.flatMap(({ guards: own }) => own));
  test.for(guards)("$what", (guard) => {
    const source = readFileSync(new URL(`../../../${guard.file}`, import.meta.url), "utf8");
    expect(sabotaged(source, [guard])).not.toBe(source);
    // A scenario that failed for any reason would prove nothing.
    expect(guard.fails).not.toBe("");
  });
});

test("the README has the table (mend it with `npx vitest run test/integration/hazards/table -u`)", async () => {
  const text = readFileSync(readme, "utf8");
  const renewed = text.replace(/^\| hazard \|(.|\n)*?\n(?!\|)/m, () => `${tableOf(hazards)}\n`);
  await expect(renewed).toMatchFileSnapshot("../README.md");
});
