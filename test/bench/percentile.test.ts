import { expect, test } from "vitest";
import { latencyOf, median, percentile } from "./percentile.ts";

test("a percentile is a value that was measured", () => {
  const samples = [5, 1, 4, 2, 3];
  expect(percentile(samples, 0.5)).toBe(3);
  expect(percentile(samples, 0.99)).toBe(5);
  expect(percentile(samples, 0)).toBe(1);
  expect(percentile(samples, 1)).toBe(5);
});

test("the samples keep their order", () => {
  const samples = [3, 1, 2];
  median(samples);
  expect(samples).toEqual([3, 1, 2]);
});

test("numbers are ordered as numbers, not as text", () => {
  expect(median([9, 10, 100])).toBe(10);
});

test("no samples have no percentile", () => {
  expect(percentile([], 0.5)).toBeNaN();
  expect(latencyOf([]).p99Ms).toBeNaN();
});
