import { expect, test } from "vitest";
import { epochMax, makeToken, tokenEpoch, tokenRevision } from "./token.ts";

test("a token names its epoch and its revision", () => {
  const token = makeToken(3, 77n);
  expect(tokenEpoch(token)).toBe(3);
  expect(tokenRevision(token)).toBe(77n);
});

test("the largest token fits a signed 64-bit column", () => {
  const largest = makeToken(epochMax, 2n ** 44n - 1n);
  expect(largest).toBe(2n ** 63n - 1n);
  expect(() => makeToken(epochMax + 1, 1n)).toThrow("epoch");
  expect(() => makeToken(1, 2n ** 44n)).toThrow("revision");
  expect(() => makeToken(0, 1n)).toThrow("epoch");
  expect(() => makeToken(1, 0n)).toThrow("revision");
});

test("a later epoch outranks every revision of an earlier one", () => {
  expect(makeToken(2, 1n)).toBeGreaterThan(makeToken(1, 2n ** 44n - 1n));
});
