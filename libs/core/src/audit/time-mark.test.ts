import { expect, test } from "vitest";
import { nextMark } from "./time-mark.ts";

const minuteMs = 60_000;

test("time goes on with the clock, and stands still where the last writer's was ahead", () => {
  expect(nextMark(1_000, 2_000)).toBe(2_000);
  expect(nextMark(5 * minuteMs, 2 * minuteMs)).toBe(5 * minuteMs);
});

test("a clock that was ahead by more than ten minutes does not hold up the time", () => {
  expect(nextMark(20 * minuteMs, 10 * minuteMs)).toBe(20 * minuteMs);
  expect(nextMark(20 * minuteMs + 1, 10 * minuteMs)).toBe(10 * minuteMs);
});
