import { expect, test } from "vitest";
import { interfere, treeOf } from "./interference.ts";

test("locks with plain names interfere only with themselves", () => {
  expect(interfere("ns/a", "ns/a")).toBe(true);
  expect(interfere("ns/a", "ns/a/b")).toBe(false);
  expect(treeOf("ns/a/b")).toBe("ns/a/b");
});

test("in a tree a lock interferes with those above and below it, not with those beside it", () => {
  expect(interfere("tree/a", "tree/a/b/c")).toBe(true);
  expect(interfere("tree/a/b", "tree/a")).toBe(true);
  expect(interfere("tree/a/b", "tree/a/c")).toBe(false);
  expect(interfere("tree/a/b", "tree/a/bc")).toBe(false);
  expect(interfere("tree/a", "tree/b")).toBe(false);
  expect(treeOf("tree/a/b/c")).toBe("tree/a");
});
