import { expect, test } from "vitest";
import { decideRestart, restartsThatCount } from "./restart-policy.ts";

test("each death in a row is waited for twice as long, and the sixth is the last", () => {
  const decisions = [0, 1, 2, 3, 4, 5].map((restarts) => decideRestart(restarts, 1));
  expect(decisions.map((each) => (each.kind === "restart" ? each.delayMs : each.why))).toEqual([
    250,
    500,
    1_000,
    2_000,
    4_000,
    "it died 6 times in a row",
  ]);
});

test("a service that refuses its configuration is not started again", () => {
  expect(decideRestart(0, 78)).toEqual({ kind: "give-up", why: "it refuses its configuration" });
});

test("a process that lived for a minute starts a new count", () => {
  expect(restartsThatCount(4, 59_999)).toBe(4);
  expect(restartsThatCount(4, 60_000)).toBe(0);
});
