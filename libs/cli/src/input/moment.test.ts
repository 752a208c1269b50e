import { expect, test } from "vitest";
import { parseMoment, printMoment } from "./moment.ts";

const nowMs = Date.UTC(2026, 0, 31, 12, 30, 15, 250);

test.each([
  ["now", "2026-01-31T12:30:15.250Z"],
  ["start", "1970-01-01T00:00:00.000Z"],
  ["2h", "2026-01-31T10:30:15.250Z"],
  ["1d12h", "2026-01-30T00:30:15.250Z"],
  ["1.5h", "2026-01-31T11:00:15.250Z"],
  ["2w", "2026-01-17T12:30:15.250Z"],
  ["0s", "2026-01-31T12:30:15.250Z"],
  ["2026-01-30", "2026-01-30T00:00:00.000Z"],
  ["2026-01-30T07:05", "2026-01-30T07:05:00.000Z"],
  ["2026-01-30 07:05:06.5", "2026-01-30T07:05:06.500Z"],
  ["2026-01-30T07:05:06Z", "2026-01-30T07:05:06.000Z"],
  ["2026-01-30T07:05:06+02:00", "2026-01-30T05:05:06.000Z"],
])("%s is a time", (text, iso) => {
  expect(new Date(parseMoment(text, "--from", nowMs)).toISOString()).toBe(iso);
});

test.each([
  "",
  "2",
  "2y",
  "-2h",
  "yesterday",
  "2026-02-30",
  "2026-1-1",
  "25:00",
  "2026-01-01T25:00",
  "90000w",
])("%j is none", (text) => {
  expect(() => parseMoment(text, "--from", nowMs)).toThrow(/--from .* is no time/);
});

test("a time is printed in UTC, and one that nobody knew is said to be unknown", () => {
  expect(printMoment(nowMs)).toBe("2026-01-31 12:30:15");
  expect(printMoment(0)).toBe("unknown");
});
