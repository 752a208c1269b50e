import { expect, test } from "vitest";
import { sleep } from "./clock.ts";
import { ManualClock } from "./manual-clock.ts";
import { SeededRandom } from "./random.ts";

test("timers run in the order of their time, then of their making", async () => {
  const clock = new ManualClock();
  const ran: string[] = [];
  clock.schedule(20, () => ran.push(`c at ${clock.monotonicMs()}`));
  clock.schedule(10, () => ran.push(`a at ${clock.monotonicMs()}`));
  clock.schedule(10, () => ran.push(`b at ${clock.monotonicMs()}`));
  await clock.advance(15);
  expect(ran).toEqual(["a at 10", "b at 10"]);
  await clock.advance(5);
  expect(ran).toEqual(["a at 10", "b at 10", "c at 20"]);
  expect(clock.pendingTimers).toBe(0);
});

test("a promise that waits for a timer goes on before the next timer runs", async () => {
  const clock = new ManualClock();
  const woken: number[] = [];
  const twice = async () => {
    await sleep(clock, 10);
    woken.push(clock.monotonicMs());
    await sleep(clock, 10);
    woken.push(clock.monotonicMs());
  };
  const done = twice();
  await clock.advance(100);
  await done;
  expect(woken).toEqual([10, 20]);
});

test("a stall makes timers late; a suspend moves only the wall clock", async () => {
  const clock = new ManualClock({ wallMs: 0 });
  let ranAt = -1;
  clock.schedule(10, () => {
    ranAt = clock.monotonicMs();
  });
  clock.stall(50);
  expect(ranAt).toBe(-1);
  await clock.advance(0);
  expect(ranAt).toBe(50);
  clock.suspend(1_000);
  expect([clock.monotonicMs(), clock.wallMs()]).toEqual([50, 1_050]);
});

test("a cancelled timer never runs", async () => {
  const clock = new ManualClock();
  const timer = clock.schedule(1, () => expect.unreachable());
  timer.cancel();
  timer.cancel();
  await clock.advance(10);
});

test("ten thousand timers, some cancelled, run in order and leave nothing", async () => {
  const clock = new ManualClock();
  const random = new SeededRandom(1);
  const expected: number[] = [];
  const ran: number[] = [];
  for (let index = 0; index < 10_000; index++) {
    const delayMs = Math.floor(random.next() * 500);
    const timer = clock.schedule(delayMs, () => ran.push(clock.monotonicMs()));
    if (random.next() < 0.3) timer.cancel();
    else expected.push(delayMs);
  }
  expect(clock.pendingTimers).toBe(expected.length);
  await clock.advance(500);
  expect(ran).toEqual(expected.sort((left, right) => left - right));
  expect(clock.pendingTimers).toBe(0);
});
