import { expect, test } from "vitest";
import { RoundTrip } from "./round-trip.ts";

test("the first answers are averaged, so that a slow start is soon forgotten", () => {
  const roundTrip = new RoundTrip();
  roundTrip.heard(0, 90);
  roundTrip.heard(0, 30);
  expect(roundTrip.ms).toBe(60);
  roundTrip.heard(0, 30);
  expect(roundTrip.ms).toBe(50);
});

test("a slower way shows after some answers, one slow answer hardly", () => {
  const roundTrip = new RoundTrip();
  for (let answer = 0; answer < 8; answer++) roundTrip.heard(0, 20);
  roundTrip.heard(0, 100);
  expect(roundTrip.ms).toBe(30);
  for (let answer = 0; answer < 40; answer++) roundTrip.heard(0, 100);
  expect(roundTrip.ms).toBeCloseTo(100, 0);
});

test("a question without an answer took at least as long as it was waited for", () => {
  const roundTrip = new RoundTrip();
  roundTrip.heard(0, 100);
  roundTrip.missed(20);
  expect(roundTrip.ms).toBe(100);
  roundTrip.missed(400);
  expect(roundTrip.ms).toBe(200);
});

test("an answer that says nothing of the way is heard all the same", () => {
  const roundTrip = new RoundTrip();
  roundTrip.asked(1_000);
  roundTrip.heard(2_000);
  expect(roundTrip.ms).toBeUndefined();
  expect(roundTrip.silentForMs(5_000)).toBe(0);
  expect(roundTrip.idleForMs(5_000)).toBe(3_000);
});

test("a new connection is measured anew", () => {
  const roundTrip = new RoundTrip();
  for (let answer = 0; answer < 8; answer++) roundTrip.missed(2_000);
  roundTrip.lost();
  expect(roundTrip.ms).toBe(2_000);
  roundTrip.heard(0, 20);
  expect(roundTrip.ms).toBe(20);
});

test("silence counts from the first question that nothing followed", () => {
  const roundTrip = new RoundTrip();
  expect(roundTrip.silentForMs(5_000)).toBe(0);
  roundTrip.asked(1_000);
  roundTrip.asked(3_000);
  roundTrip.missed(500);
  expect(roundTrip.silentForMs(5_000)).toBe(4_000);
  roundTrip.heard(5_000, 10);
  expect(roundTrip.silentForMs(5_000)).toBe(0);
});
