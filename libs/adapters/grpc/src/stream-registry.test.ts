import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { type Hearer, StreamRegistry } from "./stream-registry.ts";

/** So many streams, and which of them have been told to go. */
function streams(count: number) {
  const registry = new StreamRegistry();
  const clock = new ManualClock();
  const told: Hearer[] = [];
  for (let each = 0; each < count; each++) {
    const stream: Hearer = {
      grantLost() {},
      sessionLost() {},
      goAway: () => told.push(stream),
      finish() {},
    };
    registry.add(stream);
  }
  let isOver = false;
  void registry.goAway("The router stops.", 3_000, clock).then(() => {
    isOver = true;
  });
  return { registry, clock, told, isOver: () => isOver };
}

test("a few hundred streams are told to go at once", async () => {
  const { clock, told, isOver, registry } = streams(250);
  expect(told).toHaveLength(250);
  expect(registry.goAwayMsMax).toBe(0);
  await clock.advance(0);
  expect(isOver()).toBe(true);
});

test("of more, the next ones are told when those before have gone", async () => {
  const { clock, told, isOver, registry } = streams(600);
  expect(registry.goAwayMsMax).toBe(60_000);
  await clock.advance(1_000);
  expect(told).toHaveLength(250);
  for (const stream of told.slice(0, 100)) registry.remove(stream);
  await clock.advance(100);
  expect(told).toHaveLength(350);
  for (const stream of told) registry.remove(stream);
  await clock.advance(100);
  expect(told).toHaveLength(600);
  expect(new Set(told).size).toBe(600);
  expect(isOver()).toBe(true);
});

test("nobody waits for those who stay longer than they were given", async () => {
  const { clock, told, isOver } = streams(500);
  await clock.advance(2_900);
  expect(told).toHaveLength(250);
  await clock.advance(200);
  expect(told).toHaveLength(500);
  expect(isOver()).toBe(true);
});

test("after a minute all the others are told", async () => {
  const { clock, told, isOver } = streams(20_000);
  await clock.advance(59_900);
  expect(told.length).toBeLessThan(6_000);
  await clock.advance(200);
  expect(told).toHaveLength(20_000);
  expect(isOver()).toBe(true);
});
