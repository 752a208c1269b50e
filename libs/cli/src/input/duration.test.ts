import { expect, test } from "vitest";
import { parseBoundedDuration, parseDuration, printDuration } from "./duration.ts";

test.each([
  ["0", 0],
  ["500ms", 500],
  ["30s", 30_000],
  ["1.5s", 1_500],
  ["2m", 120_000],
  ["1m30s", 90_000],
  ["1h", 3_600_000],
  ["1h0m1s5ms", 3_601_005],
])("%s is %i ms", (text, ms) => {
  expect(parseDuration(text, "--ttl")).toBe(ms);
});

test.each(["", "30", "-1s", "1 s", "s", "1d", "1,5s", "1s2", "٣s", "1e3s"])(
  "%j is no duration",
  (text) => {
    expect(() => parseDuration(text, "--ttl")).toThrow("--ttl");
  },
);

test("the edges are allowed and one past them is not", () => {
  const bounds = { min: 2_000, max: 3_600_000 };
  expect(parseBoundedDuration("2s", "--ttl", bounds)).toBe(2_000);
  expect(parseBoundedDuration("1h", "--ttl", bounds)).toBe(3_600_000);
  expect(() => parseBoundedDuration("1999ms", "--ttl", bounds)).toThrow("2s to 1h");
  expect(() => parseBoundedDuration("3600001ms", "--ttl", bounds)).toThrow("2s to 1h");
});

test.each([
  [0, "0ms"],
  [999.4, "999ms"],
  [1_000, "1s"],
  [29_450, "29.4s"],
  [59_949, "59.9s"],
  [59_950, "1m"],
  [65_000, "1m05s"],
  [3_599_600, "1h"],
  [7_500_000, "2h05m"],
  [86_400_000 * 3 + 3_600_000 * 4, "3d04h"],
  [-3_000, "-3s"],
])("%d ms reads %s", (ms, text) => {
  expect(printDuration(ms)).toBe(text);
});
