import { expect, test } from "vitest";
import { deadlineMs, deltaMs, validityMs, wasSuspended } from "./validity.ts";

test("delta is a twentieth of a short ttl and 250 ms from 5 s on", () => {
  expect(deltaMs(2_000)).toBe(100);
  expect(deltaMs(4_999)).toBeCloseTo(249.95);
  expect(deltaMs(5_000)).toBe(250);
  expect(deltaMs(3_600_000)).toBe(250);
});

test("a lease may be believed in for its ttl less 1 % less delta, from when it was asked for", () => {
  expect(validityMs(2_000)).toBe(1_880);
  expect(validityMs(15_000)).toBe(14_600);
  expect(deadlineMs(1_000, 15_000)).toBe(15_600);
});

test("a holder whose clock runs 1 % slow still stops before the store's ttl has passed", () => {
  for (const ttlMs of [2_000, 5_000, 15_000, 3_600_000]) {
    const storeMsAtDeadline = validityMs(ttlMs) / (1 - 0.01);
    expect(storeMsAtDeadline).toBeLessThan(ttlMs);
  }
});

test("clocks that went apart by more than delta either way tell of a suspended machine", () => {
  const then = { monotonicMs: 1_000, wallMs: 500_000 };
  const after = (monotonicMs: number, wallMs: number) => ({
    monotonicMs: then.monotonicMs + monotonicMs,
    wallMs: then.wallMs + wallMs,
  });
  expect(wasSuspended(then, after(3_000, 3_000), 15_000)).toBe(false);
  expect(wasSuspended(then, after(3_000, 3_250), 15_000)).toBe(false);
  expect(wasSuspended(then, after(3_000, 3_251), 15_000)).toBe(true);
  expect(wasSuspended(then, after(3_000, 2_749), 15_000)).toBe(true);
  expect(wasSuspended(then, after(500, 601), 2_000)).toBe(true);
});
