import { validityMs } from "@holdfast/core/lease/validity";
import { expect, test } from "vitest";
import { abortLeadMs } from "./lease-belief.ts";
import type { LockStateChange } from "./lock.ts";
import type { LockLostError } from "./lock-lost-error.ts";
import {
  answersAll,
  codeOf,
  granted,
  heldLock,
  holdsHeartbeats,
  leaseAnswers,
  leaseIn,
  rigOf,
  ttlMs,
} from "./testing/rig.ts";

const valid = validityMs(ttlMs);

test("the deadline counts from when the heartbeat was sent, not from its answer", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  await rig.clock.advance(ttlMs / 3);
  const beat = rig.net.next("heartbeat");
  await rig.clock.advance(1_000);
  beat.answer(leaseAnswers({}));
  await rig.clock.advance(0);
  expect(lock.validForMs).toBe(beat.atMs + valid - rig.clock.monotonicMs());
});

test("a lock taken late under a lease starts with what is left of the lease", async () => {
  const rig = await rigOf();
  const first = await heldLock(rig, "first");
  await rig.clock.advance(1_500);
  const second = await heldLock(rig, "second");
  expect(second.validForMs).toBe(first.validForMs);
  expect(second.validForMs).toBeLessThanOrEqual(valid - 1_500);
});

test("under a lease not known yet a lock counts from the first send of its request", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order");
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  await rig.clock.advance(700);
  sent.answer(granted(sent.command, { lease: leaseIn("s1", 9) }));
  const lock = await acquiring;
  expect(lock.validForMs).toBe(sent.atMs + valid - rig.clock.monotonicMs());
});

test("a repeat counts from the first send, not from its own", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquire("order");
  await rig.clock.advance(0);
  const first = rig.net.next("acquire");
  await rig.clock.advance(400);
  rig.net.down("a:1");
  await rig.clock.advance(400);
  const repeat = rig.net.next("acquire");
  expect(repeat.endpoint).toBe("b:1");
  expect(repeat.atMs).toBeGreaterThan(first.atMs);
  repeat.answer(granted(repeat.command, { lease: leaseIn("s1", 9) }));
  const lock = await acquiring;
  expect(lock.validForMs).toBe(first.atMs + valid - rig.clock.monotonicMs());
});

test("an answer for another lease confirms nothing of this one", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  const before = lock.validForMs;
  await rig.clock.advance(ttlMs / 3);
  // The same session and shard, under a lease made later.
  rig.net.next("heartbeat").answer(leaseAnswers({ lease: leaseIn("s0", 2) }));
  await rig.clock.advance(0);
  expect(lock.validForMs).toBe(before - ttlMs / 3);
});

test("a lease answered with nothing left loses its locks for good, whatever comes later", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  await rig.clock.advance(ttlMs / 3);
  rig.net.next("heartbeat").answer(leaseAnswers({ validForMs: 0 }));
  await rig.clock.advance(0);
  expect([lock.state, lock.lost?.why, lock.validForMs]).toEqual(["lost", "session-expired", 0]);
  await rig.clock.advance(ttlMs / 3);
  for (const beat of rig.net.pending("heartbeat")) beat.answer(leaseAnswers({}));
  await rig.clock.advance(0);
  expect(lock.state).toBe("lost");
});

test("a lease the shard could not speak for is neither confirmed nor lost", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  const before = lock.validForMs;
  await rig.clock.advance(ttlMs / 3);
  rig.net.next("heartbeat").answer(leaseAnswers({ validForMs: 0, unknown: true }));
  await rig.clock.advance(0);
  expect([lock.state, lock.validForMs]).toEqual(["held", before - ttlMs / 3]);
  await rig.clock.advance(ttlMs / 12);
  expect(rig.net.pending("heartbeat").length).toBe(1);
});

test("the signal aborts before the deadline, with the reason, after a jeopardy", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  const { signal } = lock;
  const deadlineMs = rig.clock.monotonicMs() + lock.validForMs;
  const changes: (LockStateChange & { readonly leftMs: number })[] = [];
  lock.onStateChange((change) =>
    changes.push({ ...change, leftMs: deadlineMs - rig.clock.monotonicMs() }),
  );
  await rig.clock.advance(ttlMs);
  expect(changes).toEqual([
    { state: "jeopardy", leftMs: ttlMs / 2 },
    { state: "lost", why: "expired", leftMs: abortLeadMs(ttlMs) },
  ]);
  expect(signal.aborted).toBe(true);
  expect((signal.reason as LockLostError).why).toBe("expired");
});

test("a heartbeat answered in time ends the jeopardy", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  await rig.clock.advance(ttlMs / 2);
  expect(lock.state).toBe("jeopardy");
  for (const beat of rig.net.pending("heartbeat")) beat.answer(leaseAnswers({}));
  await rig.clock.advance(0);
  expect(lock.state).toBe("held");
});

test("an answer that comes after the deadline brings no lock back", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  await rig.clock.advance(ttlMs / 3);
  const beat = rig.net.next("heartbeat");
  // Past the deadline there was, and before the one the answer would give.
  rig.clock.stall(valid - ttlMs / 3 + 1_000);
  // The answer is read before any timer runs.
  beat.answer(leaseAnswers({}));
  await rig.clock.advance(0);
  expect(lock.state).toBe("lost");
});

test("a machine that slept for longer than delta has lost its locks, before anything runs", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  await rig.clock.advance(100);
  rig.clock.suspend(250);
  expect(lock.state).toBe("held");
  rig.clock.suspend(1);
  expect([lock.state, lock.lost?.why]).toEqual(["lost", "suspended"]);
});

test("the watch over the clocks aborts the signal after a sleep without anybody asking", async () => {
  const rig = await rigOf();
  const { signal } = await heldLock(rig);
  rig.clock.suspend(60_000);
  await rig.clock.advance(1_000);
  expect((signal.reason as LockLostError).why).toBe("suspended");
});

test("a stall within the deadline asks for a heartbeat sent since before the lock is held", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  await rig.clock.advance(ttlMs / 3);
  const before = rig.net.next("heartbeat");
  rig.clock.stall(2_000);
  expect(lock.state).toBe("jeopardy");
  before.answer(leaseAnswers({}));
  await rig.clock.advance(0);
  expect(lock.state).toBe("jeopardy");
  rig.net.next("heartbeat").answer(leaseAnswers({}));
  await rig.clock.advance(0);
  expect(lock.state).toBe("held");
});

test("a stall past the deadline is a loss, seen by whoever reads first", async () => {
  const rig = await rigOf();
  const lock = await heldLock(rig);
  rig.clock.stall(ttlMs);
  expect(lock.validForMs).toBe(0);
  expect([lock.state, lock.lost?.why]).toEqual(["lost", "stalled"]);
});

test("a lock granted under a lease past its deadline waits for a heartbeat", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  await heldLock(rig, "first");
  const acquiring = rig.client.acquire("second");
  await rig.clock.advance(0);
  await rig.clock.advance(ttlMs);
  const sent = rig.net.next("acquire");
  let done = false;
  void acquiring.then(() => {
    done = true;
  });
  sent.answer(granted(sent.command));
  await rig.clock.advance(10);
  expect(done).toBe(false);
  for (const beat of rig.net.pending("heartbeat")) beat.answer(leaseAnswers({}));
  await rig.clock.advance(0);
  expect((await acquiring).state).toBe("held");
});

test("a grant given up while it waits for its lease to be confirmed is cancelled", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  await heldLock(rig, "first");
  await rig.clock.advance(ttlMs);
  const giveUp = new AbortController();
  const acquiring = codeOf(rig.client.acquire("second", { signal: giveUp.signal }));
  await rig.clock.advance(0);
  const sent = rig.net.next("acquire");
  sent.answer(granted(sent.command));
  await rig.clock.advance(0);
  giveUp.abort();
  expect(await acquiring).toBe("CANCELLED");
  expect(rig.net.all("cancel").length).toBe(1);
});

test("a grant under a lease that has ended is not believed, and is asked for anew", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  await heldLock(rig, "first");
  const acquiring = rig.client.acquire("second");
  await rig.clock.advance(ttlMs / 3);
  const sent = rig.net.next("acquire");
  rig.net.next("heartbeat").answer(leaseAnswers({ validForMs: 0 }));
  await rig.clock.advance(0);
  sent.answer(granted(sent.command));
  await rig.clock.advance(0);
  const again = rig.net.next("acquire");
  expect(again.command.session).not.toBe(sent.command.session);
  again.answer(granted(again.command, { lease: leaseIn("s0", 2) }));
  expect((await acquiring).state).toBe("held");
});

test("a lock lost here is released in the store, but not before its deadline", async () => {
  const rig = await rigOf();
  holdsHeartbeats(rig.net);
  const lock = await heldLock(rig);
  const deadlineMs = rig.clock.monotonicMs() + lock.validForMs;
  await rig.clock.advance(2 * ttlMs);
  const [release] = rig.net.all("release");
  expect(release?.command.grantId).toBe(lock.grantId);
  expect(release?.atMs).toBeGreaterThanOrEqual(deadlineMs);
});

test("a heartbeat's answer is cut to what the ttl allows", async () => {
  const rig = await rigOf();
  answersAll(rig.net);
  holdsHeartbeats(rig.net);
  const lock = await rig.client.acquire("order");
  await rig.clock.advance(ttlMs / 3);
  const beat = rig.net.next("heartbeat");
  beat.answer(leaseAnswers({ validForMs: 10 * ttlMs }));
  await rig.clock.advance(0);
  expect(lock.validForMs).toBe(beat.atMs + valid - rig.clock.monotonicMs());
});
