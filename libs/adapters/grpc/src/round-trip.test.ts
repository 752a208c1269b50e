import { expect, test } from "vitest";
import { RoundTrip } from "./round-trip.ts";

test("a slower way shows after some answers, one slow answer hardly", () => {
  const roundTrip = new RoundTrip();
  roundTrip.heard(20, false);
  roundTrip.heard(100, false);
  expect(roundTrip.ms).toBe(30);
  for (let answer = 0; answer < 40; answer++) roundTrip.heard(100, false);
  expect(roundTrip.ms).toBeCloseTo(100, 0);
});

test("a question without an answer took at least as long as it was waited for", () => {
  const roundTrip = new RoundTrip();
  roundTrip.heard(100, false);
  roundTrip.heard(20, true);
  expect(roundTrip.ms).toBe(100);
  roundTrip.heard(500, true);
  expect(roundTrip.ms).toBe(150);
});

test("a new connection is measured anew", () => {
  const roundTrip = new RoundTrip();
  roundTrip.heard(2_000, true);
  roundTrip.lost();
  roundTrip.heard(20, false);
  expect(roundTrip.ms).toBe(20);
});

test("silence counts from the first question that nothing followed", () => {
  const roundTrip = new RoundTrip();
  expect(roundTrip.silentForMs(5_000)).toBe(0);
  roundTrip.asked(1_000);
  roundTrip.asked(3_000);
  roundTrip.heard(500, true);
  expect(roundTrip.silentForMs(5_000)).toBe(4_000);
  roundTrip.heard(10, false);
  expect(roundTrip.silentForMs(5_000)).toBe(0);
});
