import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { BatchPace } from "./batch-pace.ts";

/** Batches of so many operations have gone, and a commit took so long each time. */
async function pacedBy(operations: number, commitMs: number) {
  const clock = new ManualClock();
  const pace = new BatchPace(clock);
  for (let batches = 0; batches < 50; batches++) {
    const answered = pace.sent(operations);
    await clock.advance(commitMs);
    answered();
  }
  return { clock, pace };
}

test("whoever asks alone waits for nobody", async () => {
  const { pace } = await pacedBy(3, 5);
  pace.sent(3);
  expect(pace.leftMs).toBe(0);
});

test("where several ask, the next ones go twice as late as a commit takes", async () => {
  const { clock, pace } = await pacedBy(4, 2);
  pace.sent(4);
  expect(pace.leftMs).toBe(4);
  await clock.advance(3);
  expect(pace.leftMs).toBe(1);
  await clock.advance(1);
  expect(pace.leftMs).toBe(0);
});

test("a store that answers late keeps nobody for longer than 6 ms", async () => {
  const { pace } = await pacedBy(100, 5_000);
  pace.sent(100);
  expect(pace.leftMs).toBe(6);
});

test("what a fast store answers needs no wait", async () => {
  const { pace } = await pacedBy(100, 0.2);
  pace.sent(100);
  expect(pace.leftMs).toBe(0);
});
