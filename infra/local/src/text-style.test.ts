import { expect, test } from "vitest";
import { textStyle, wantsColour } from "./text-style.ts";

test("colours are for terminals that can show them, and for people who want them", () => {
  const terminal = { isTTY: true };
  expect(wantsColour(terminal, {})).toBe(true);
  expect(wantsColour(terminal, { NO_COLOR: "1" })).toBe(false);
  expect(wantsColour(terminal, { NO_COLOR: "" })).toBe(true);
  expect(wantsColour(terminal, { TERM: "dumb" })).toBe(false);
  expect(wantsColour({}, {})).toBe(false);
});

test("without colours text stays as it is", () => {
  const style = textStyle(false);
  expect([style.bold("a"), style.dim("b"), style.good("c")]).toEqual(["a", "b", "c"]);
});
