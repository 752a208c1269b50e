import { expect, test } from "vitest";
import { sabotaged } from "./sabotage.ts";

const edit = { file: "a.ts", find: "one", replace: "two" };

test("an edit changes the one place it names", () => {
  expect(sabotaged("let one = 1;", [edit])).toBe("let two = 1;");
});

test("an edit whose line is gone, or is there twice, is refused", () => {
  expect(() => sabotaged("nothing here", [edit])).toThrow("0 times instead of once: one");
  expect(() => sabotaged("one and one", [edit])).toThrow("2 times instead of once: one");
});
