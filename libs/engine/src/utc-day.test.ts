import { expect, test } from "vitest";
import { isUtcDay, lastMs, utcDay } from "./utc-day.ts";

test("each time has its day, in whatever order they are asked for", () => {
  const noonMs = Date.UTC(2026, 10, 22, 12);
  const nightMs = Date.UTC(2026, 10, 23);
  expect([noonMs, nightMs - 1, nightMs, noonMs, 0, lastMs, noonMs].map(utcDay)).toEqual([
    ...["2026-11-22", "2026-11-22", "2026-11-23", "2026-11-22"],
    ...["1970-01-01", "9999-12-31", "2026-11-22"],
  ]);
  expect(() => utcDay(Number.NaN)).toThrow();
});

test("a day that is none of the calendar is told from one that is", () => {
  const days = ["2026-11-22", "2024-02-29", "2026-02-29", "2026-11-22T", "1969-12-31", "soon"];
  expect(days.map(isUtcDay)).toEqual([true, true, false, false, false, false]);
});
