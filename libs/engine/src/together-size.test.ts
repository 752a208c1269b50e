import { expect, test } from "vitest";
import { TogetherSize } from "./together-size.ts";

test("what goes together grows by one while every hope comes true, up to its bound", () => {
  const together = new TogetherSize();
  const sizes = Array.from({ length: 20 }, () => {
    together.learn(false);
    return together.size;
  });
  expect(sizes.slice(0, 3)).toEqual([17, 18, 19]);
  expect(sizes.slice(-5)).toEqual([32, 32, 32, 32, 32]);
});

test("one lost hope halves it, down to each for itself, and it comes back from there", () => {
  const together = new TogetherSize();
  const sizes = Array.from({ length: 6 }, () => {
    together.learn(true);
    return together.size;
  });
  expect(sizes).toEqual([8, 4, 2, 1, 1, 1]);
  together.learn(false);
  expect(together.size).toBe(2);
});
