import { failure } from "@holdfast/base/failure";
import { expect, test } from "vitest";
import { RetryBudget } from "./retry-budget.ts";
import { codeOf, rigOf } from "./testing/rig.ts";

/** How many repeats may go at this moment. */
function burst(budget: RetryBudget, nowMs: number): number {
  let taken = 0;
  while (taken < 1_000 && budget.take(nowMs)) taken++;
  return taken;
}

test("a burst of 100 repeats, then 50 a second", () => {
  const budget = new RetryBudget(0);
  expect(burst(budget, 0)).toBe(100);
  expect(burst(budget, 10)).toBe(0);
  expect(burst(budget, 1_000)).toBe(50);
});

test("ten successes earn a repeat, and nothing is saved up beyond a burst", () => {
  const budget = new RetryBudget(0);
  burst(budget, 0);
  for (let count = 0; count < 31; count++) budget.succeeded();
  expect(burst(budget, 0)).toBe(3);
  for (let count = 0; count < 5_000; count++) budget.succeeded();
  expect(burst(budget, 60_000)).toBe(100);
});

test("calls that are repeated as a whole are rationed as well", async () => {
  const rig = await rigOf();
  rig.net.script = () => failure("SHARD_UNAVAILABLE", "No leader.");
  const names = Array.from({ length: 300 }, (_, index) => `n${index}`);
  const all = names.map((name) => codeOf(rig.client.get(name)));
  await rig.clock.advance(10_100);
  expect(new Set(await Promise.all(all))).toEqual(new Set(["SHARD_UNAVAILABLE"]));
  // Without a budget it is some 6,000.
  expect(rig.net.all("get").length).toBeLessThan(300 + 100 + 10.1 * 50 + 10);
});
