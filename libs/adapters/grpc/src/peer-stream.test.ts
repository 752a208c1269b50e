import { Cancellation } from "@holdfast/base/cancellation";
import { SystemClock } from "@holdfast/base/clock";
import { failure } from "@holdfast/base/failure";
import type { LeaseId } from "@holdfast/base/ids";
import { limits } from "@holdfast/core/limits";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import { expect, onTestFinished, test } from "vitest";
import { Peer } from "./peer.ts";
import { globally, openDoor, tryFor } from "./testing/open-door.ts";

function peerAt(...addresses: string[]): Peer {
  const clock = new SystemClock();
  const peer = new Peer({ region: "global", addresses, clock, sharesStreams: true });
  onTestFinished(() => peer.close());
  return peer;
}

/** Of a client's stream: what it asks for outlives it. */
function lasting(more: Partial<Call> = {}): Call {
  return { cancellation: new Cancellation(), hops: 1, onCallerLost: "keep", ...more };
}

/** For a lock that is not the other ones'. */
function wait(name: string) {
  const lock = { ...globally.lock, name };
  return tryFor(name, { ...globally, lock, waitMs: 9_000 });
}

test("what outlives its callers goes over one stream, each answered with its own", async () => {
  const { server, tier } = await openDoor();
  const peer = peerAt(server.address);
  const names = Array.from({ length: 50 }, (_, index) => `lock-${index}`);
  const outcomes = await Promise.all(names.map((name) => peer.execute(wait(name), lasting())));
  for (const [index, outcome] of outcomes.entries()) {
    expect(outcome).toMatchObject({ kind: "granted", grant: { lock: { name: names[index] } } });
  }
  expect(server.streamCount).toBe(1);
  for (const { call } of tier.asked) {
    expect([call.hops, call.onCallerLost]).toEqual([2, "keep"]);
  }
});

test("what ends a wait shares no stream with waits, which may fill one", async () => {
  const { server, tier } = await openDoor();
  tier.instead = (command) => (command.kind === "acquire" ? new Promise(() => {}) : undefined);
  const peer = peerAt(server.address);
  const waits = limits.commandsInFlightMax + 3;
  for (let index = 0; index < waits; index++) void peer.execute(wait(`w${index}`), lasting());
  await expect.poll(() => tier.asked.length, { timeout: 5_000 }).toBe(waits);
  expect(server.streamCount).toBe(3);
  const read = await peer.execute({ kind: "get", lock: globally.lock }, lasting());
  expect(read).toMatchObject({ kind: "lock" });
  expect(server.streamCount).toBe(4);
});

test("what came over more hops says so, over a stream of its own", async () => {
  const { server, tier } = await openDoor();
  const peer = peerAt(server.address);
  for (const hops of [0, 1, 0]) await peer.execute(wait(`after-${hops}`), lasting({ hops }));
  expect(tier.asked.map(({ call }) => call.hops)).toEqual([1, 2, 1]);
  expect(server.streamCount).toBe(2);
});

test("what ends with its caller, or with a deadline, is a call of its own", async () => {
  const { server, tier } = await openDoor();
  const peer = peerAt(server.address);
  await peer.execute(wait("a"), lasting({ onCallerLost: "cancel" }));
  const deadlineMs = new SystemClock().monotonicMs() + 5_000;
  await peer.execute(tryFor("b"), lasting({ deadlineMs }));
  expect(tier.asked.map(({ call }) => call.deadlineMs === undefined)).toEqual([false, false]);
  expect(server.streamCount).toBe(0);
});

test("each waiter hears of its own place and leases", async () => {
  const { server, tier } = await openDoor();
  const leases = [{ region: "eu-west-1", shard: "s0", leaseId: 7n as LeaseId }];
  tier.instead = async (command, call) => {
    const isFirst = command.kind === "acquire" && command.lock.name === "first";
    call.onPosition?.(isFirst ? 1 : 2);
    if (isFirst) call.onLeases?.(leases);
    return { kind: "timeout", holders: [], queueLength: 0 };
  };
  const peer = peerAt(server.address);
  const heard = await Promise.all(
    ["first", "second"].map(async (name) => {
      const told: unknown[] = [];
      const call = lasting({ onPosition: (place) => told.push(place) });
      await peer.execute(wait(name), { ...call, onLeases: (each) => told.push(each) });
      return told;
    }),
  );
  expect(heard).toEqual([[1, leases], [2]]);
});

test("a caller that is gone is told of, and none but its own wait is given up", async () => {
  const { server, tier } = await openDoor();
  tier.instead = (_, { cancellation }) => {
    return new Promise((resolve) => cancellation.onCancel(() => resolve({ kind: "cancelled" })));
  };
  const peer = peerAt(server.address);
  const callers = ["a", "b", "c"].map(() => new Cancellation());
  const outcomes = callers.map((cancellation, index) =>
    peer.execute(wait(`w${index}`), lasting({ cancellation })),
  );
  await expect.poll(() => tier.asked.length).toBe(3);
  callers[1]?.cancel();
  expect(await outcomes[1]).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  expect(tier.asked.map(({ call }) => call.cancellation.cancelled)).toEqual([false, true, false]);
  expect(server.streamCount).toBe(1);
  // One that is gone before it was sent is not kept waiting for either.
  const late = new Cancellation();
  late.cancel();
  expect(await peer.execute(wait("late"), lasting({ cancellation: late }))).toMatchObject({
    code: "UNKNOWN_OUTCOME",
  });
});

test("a wait over a stream of its own ends with its caller, too", async () => {
  const { server, tier } = await openDoor();
  tier.instead = () => new Promise(() => {});
  const peer = new Peer({
    ...{ region: "us-east-1", addresses: [server.address], clock: new SystemClock() },
  });
  onTestFinished(() => peer.close());
  const caller = new Cancellation();
  const call = lasting({ cancellation: caller, onPosition: () => {} });
  const outcome = peer.execute(wait("a"), call);
  await expect.poll(() => tier.asked.length).toBe(1);
  caller.cancel();
  expect(await outcome).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  await expect.poll(() => tier.asked[0]?.call.cancellation.cancelled).toBe(true);
});

test("a refusal arrives as it was, and harms nothing else on its stream", async () => {
  const { server, tier } = await openDoor();
  const full = failure("TOO_MANY_WAITERS", "The queue is full.", { retryAfterMs: 5 });
  tier.instead = (command) =>
    command.kind === "acquire" && command.lock.name === "full" ? Promise.resolve(full) : undefined;
  const peer = peerAt(server.address);
  const outcomes = ["full", "free"].map((name) => peer.execute(wait(name), lasting()));
  expect(await outcomes[0]).toEqual(full);
  expect(await outcomes[1]).toMatchObject({ kind: "granted" });
});

test("what had no answer when its stream broke is unknown, and the next goes elsewhere", async () => {
  const [first, second] = [await openDoor(), await openDoor()];
  const peer = peerAt(first.server.address, second.server.address);
  first.tier.instead = () => new Promise(() => {});
  const outcomes = ["a", "b"].map((name) => peer.execute(wait(name), lasting()));
  const read = peer.execute({ kind: "get", lock: globally.lock }, lasting());
  await expect.poll(() => first.tier.asked.length).toBe(3);
  await first.server.drain(0);
  for (const outcome of outcomes) expect(await outcome).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  // A read is not: asking twice changes nothing.
  expect(await read).toMatchObject({ kind: "lock" });
  expect(await peer.execute(wait("c"), lasting())).toMatchObject({ kind: "granted" });
  expect(second.tier.asked).toHaveLength(2);
});

test("a server that goes away answers what it has, and is asked nothing more", async () => {
  const [first, second] = [await openDoor(), await openDoor()];
  const peer = peerAt(first.server.address, second.server.address);
  const { promise, resolve } = Promise.withResolvers<void>();
  first.tier.instead = (command) => {
    if (command.kind !== "acquire" || command.lock.name !== "a") return undefined;
    return promise.then(() => ({ kind: "timeout", holders: [], queueLength: 0 }));
  };
  const outcome = peer.execute(wait("a"), lasting());
  await expect.poll(() => first.tier.asked.length).toBe(1);
  const startedMs = performance.now();
  const drained = first.server.drain(10_000);
  const goesElsewhere = async () => {
    await peer.execute(wait("b"), lasting());
    return second.tier.asked.length;
  };
  await expect.poll(goesElsewhere).toBe(1);
  resolve();
  expect(await outcome).toMatchObject({ kind: "timeout" });
  await drained;
  // The stream ended with the last answer: nobody waited for the end of the drain.
  expect(performance.now() - startedMs).toBeLessThan(8_000);
});

test("with nobody to connect to it is certain that nothing was done", async () => {
  expect(await peerAt("127.0.0.1:1").execute(wait("a"), lasting())).toMatchObject({
    code: "SHARD_UNAVAILABLE",
  });
});
