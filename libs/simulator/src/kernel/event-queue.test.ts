import { SeededRandom } from "@holdfast/base/random";
import { expect, test } from "vitest";
import { EventQueue } from "./event-queue.ts";

function drained(queue: EventQueue): number[] {
  const times: number[] = [];
  for (let atMs = queue.nextAtMs(); atMs !== undefined; atMs = queue.nextAtMs()) {
    times.push(atMs);
    queue.take()();
  }
  return times;
}

test("events come out by time, whatever the order they went in", () => {
  const random = new SeededRandom(7);
  const queue = new EventQueue();
  const times = Array.from({ length: 2_000 }, () => Math.floor(random.next() * 500));
  for (const atMs of times) queue.add(atMs, () => {});
  expect(drained(queue)).toEqual(times.toSorted((a, b) => a - b));
});

test("events of one time come out in the order they went in", () => {
  const queue = new EventQueue();
  const seen: number[] = [];
  for (let index = 0; index < 100; index++) queue.add(5, () => seen.push(index));
  drained(queue);
  expect(seen).toEqual(Array.from({ length: 100 }, (_, index) => index));
});

test("a cancelled event never happens", () => {
  const queue = new EventQueue();
  const seen: string[] = [];
  queue.add(1, () => seen.push("kept"));
  const cancelled = queue.add(0, () => seen.push("cancelled"));
  cancelled.cancel();
  drained(queue);
  expect(seen).toEqual(["kept"]);
});
