import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { DueList } from "./due-list.ts";

function recorded(clock: ManualClock) {
  const ran: string[] = [];
  const due = (name: string, dueMs: number) => ({
    dueMs,
    onDue: () => ran.push(`${name} at ${clock.monotonicMs()}`),
  });
  return { ran, due };
}

test("each entry runs once, never early and at most a grain late", async () => {
  const clock = new ManualClock();
  const dues = new DueList(clock);
  const { ran, due } = recorded(clock);
  dues.add(due("late", 500));
  dues.add(due("early", 100));
  dues.add(due("close", 110));
  await clock.advance(1_000);
  expect(ran).toEqual(["early at 100", "close at 125", "late at 500"]);
  expect(clock.pendingTimers).toBe(0);
});

test("a removed entry never runs, and one may remove another that is due with it", async () => {
  const clock = new ManualClock();
  const dues = new DueList(clock);
  const { ran, due } = recorded(clock);
  const second = due("second", 100);
  dues.add({ dueMs: 100, onDue: () => dues.remove(second) });
  dues.add(second);
  await clock.advance(1_000);
  expect(ran).toEqual([]);
});

test("an entry that adds another at its time does not lose it", async () => {
  const clock = new ManualClock();
  const dues = new DueList(clock);
  const { ran, due } = recorded(clock);
  dues.add({ dueMs: 100, onDue: () => dues.add(due("again", 200)) });
  dues.add(due("other", 150));
  await clock.advance(1_000);
  expect(ran).toEqual(["other at 150", "again at 200"]);
});

test("after a stall what came meanwhile is read before anything counts as overdue", async () => {
  const clock = new ManualClock();
  const dues = new DueList(clock);
  const { ran, due } = recorded(clock);
  const answered = due("answered", 100);
  dues.add(answered);
  dues.add(due("unanswered", 100));
  clock.stall(5_000);
  // What waits in the sockets is read after the timers that are late.
  clock.schedule(0, () => dues.remove(answered));
  await clock.advance(1_000);
  expect(ran).toEqual(["unanswered at 5025"]);
});

test("clearing leaves no timer", () => {
  const clock = new ManualClock();
  const dues = new DueList(clock);
  dues.add(recorded(clock).due("never", 100));
  dues.clear();
  expect(clock.pendingTimers).toBe(0);
});
