import { expect, test } from "vitest";
import { tableLines } from "./table.ts";
import { textStyle } from "./text-style.ts";

test("columns are as wide as their widest cell and lines have no blanks at their end", () => {
  expect(
    tableLines([
      ["REGION", "ROUTER", "SHARD"],
      ["us-east-1", "127.0.0.1:7420", "s0"],
      ["", "", "s1"],
      ["b", "", ""],
    ]),
  ).toEqual([
    "REGION     ROUTER          SHARD",
    "us-east-1  127.0.0.1:7420  s0",
    "                           s1",
    "b",
  ]);
});

test("colours take no room", () => {
  const style = textStyle(true);
  const [plain] = tableLines([["ab", "c"]]);
  const [coloured] = tableLines([[style.bold("ab"), "c"]]);
  expect(coloured).toBe(plain?.replace("ab", "\x1b[1mab\x1b[22m"));
});
