import { expect, test } from "vitest";
import { wrapText } from "./wrap-text.ts";

test("lines break at blanks and hang under the indent", () => {
  expect(wrapText("aaaa bbbb cccc dddd eeee ffff", 24, 2, 10)).toBe(
    "aaaa bbbb cccc\n  dddd eeee ffff",
  );
});

test("a word that is longer than a line stays whole, to be copied", () => {
  const long = "x".repeat(40);
  expect(wrapText(`see ${long} there`, 30, 2)).toBe(`see\n  ${long}\n  there`);
});

test("into a pipe, and on a terminal too narrow to matter, nothing is broken", () => {
  expect(wrapText("a ".repeat(50), undefined, 2)).toBe("a ".repeat(50));
  expect(wrapText("a ".repeat(50), 15, 2)).toBe("a ".repeat(50));
});
