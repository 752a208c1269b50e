import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { writeAcquireMany } from "@holdfast/api/codec/many-codec";
import { Cancellation } from "@holdfast/base/cancellation";
import { SystemClock } from "@holdfast/base/clock";
import { failure } from "@holdfast/base/failure";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { limits } from "@holdfast/core/limits";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import { expect, onTestFinished, test, vi } from "vitest";
import { Peer } from "./peer.ts";
import { globally, openDoor, tryFor } from "./testing/open-door.ts";

const clock = new SystemClock();
const get = {
  kind: "get",
  lock: { region: "us-east-1", namespace: "default", name: "a" },
} as const;

function peerAt(...addresses: string[]): Peer {
  const peer = new Peer({ region: "us-east-1", addresses, clock });
  onTestFinished(() => peer.close());
  return peer;
}

function callWith(more: Partial<Call> = {}): Call {
  return { cancellation: new Cancellation(), hops: 0, onCallerLost: "cancel", ...more };
}

/** A port on which nothing listens. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `127.0.0.1:${port}`;
}

/** A port that accepts connections and never says anything. */
async function mutePort(): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("a forwarded command is carried out there, one hop further", async () => {
  const { server, tier } = await openDoor();
  const peer = peerAt(server.address);
  expect(await peer.execute(tryFor("a"), callWith())).toMatchObject({ kind: "granted" });
  expect(await peer.execute(get, callWith({ hops: 1, onCallerLost: "keep" }))).toMatchObject({
    kind: "lock",
    holderCount: 1,
  });
  expect(tier.asked.map(({ call }) => [call.hops, call.onCallerLost])).toEqual([
    [1, "cancel"],
    [2, "keep"],
  ]);
});

test("an outcome that the other region itself does not know arrives in its words", async () => {
  const { server, tier } = await openDoor();
  const unknown = failure("UNKNOWN_OUTCOME", "Too few regions answered in time.");
  tier.instead = () => Promise.resolve(unknown);
  expect(await peerAt(server.address).execute(tryFor("a"), callWith())).toEqual(unknown);
});

test("a failure of the other region arrives as it was", async () => {
  const { server, tier } = await openDoor();
  const found = failure("SHARD_UNAVAILABLE", "No leader.", {
    shard: "us-east-1/s0",
    retryAfterMs: 5,
  });
  tier.instead = async () => found;
  expect(await peerAt(server.address).execute(tryFor("a"), callWith())).toEqual(found);
});

test("lists, several acquires and health go over as well", async () => {
  const { server } = await openDoor();
  const peer = peerAt(server.address);
  const many = { acquires: [tryFor("a"), tryFor("b")], allOrNothing: false };
  expect(await peer.acquireMany(many, callWith())).toMatchObject({
    kind: "many",
    outcomes: [{ kind: "granted" }, { kind: "granted" }],
  });
  const query = {
    region: "us-east-1",
    namespace: "default",
    prefix: "",
    pageSize: 10,
    pageToken: "",
  };
  expect(await peer.list(query, callWith())).toMatchObject({
    kind: "page",
    locks: [{ lock: { name: "a" } }, { lock: { name: "b" } }],
  });
  expect(await peer.health(2_000)).toMatchObject({ reachable: true, problem: "" });
  server.setServing(false);
  expect(await peer.health(2_000)).toMatchObject({ reachable: false });
});

test("all or nothing gets the time for one wait after the other", async () => {
  const { server, tier } = await openDoor();
  const waiting = [tryFor("a", { waitMs: 60_000 }), tryFor("b", { waitMs: 60_000 })];
  for (const allOrNothing of [true, false]) {
    await peerAt(server.address).acquireMany({ acquires: waiting, allOrNothing }, callWith());
  }
  const leftMs = tier.asked.map(({ call }) => (call.deadlineMs ?? 0) - clock.monotonicMs());
  expect(leftMs[0]).toBeGreaterThan(115_000);
  expect(leftMs[2]).toBeLessThan(70_000);
});

test("several acquires that just fit one request of a client can be forwarded", async () => {
  const { server } = await openDoor();
  const acquires = Array.from({ length: 100 }, (_, index) => tryFor(`a${index}`));
  const spareBytes =
    limits.unaryMessageBytesMax - writeAcquireMany({ acquires, allOrNothing: true }).length;
  const text = "x".repeat(Math.floor(spareBytes / 100));
  const full = acquires.map((acquire) => ({ ...acquire, metadata: { text } }));
  expect(writeAcquireMany({ acquires: full, allOrNothing: true }).length).toBeGreaterThan(
    limits.unaryMessageBytesMax,
  );
  const many = await peerAt(server.address).acquireMany(
    { acquires: full, allOrNothing: true },
    callWith(),
  );
  expect(many).toMatchObject({ kind: "many" });
});

test("events of a watch go over, and cancelling it ends it there", async () => {
  const { server, tier } = await openDoor();
  const seen: LockEvent[] = [];
  const cancellation = new Cancellation();
  const query = {
    region: "us-east-1",
    namespace: "default",
    name: "a",
    prefix: false,
    withCurrent: false,
  };
  const ended = peerAt(server.address).watch(
    query,
    (event) => seen.push(event),
    callWith({ cancellation }),
  );
  await expect.poll(() => tier.watchers.size).toBe(1);
  const event: LockEvent = {
    kind: "WaiterQueued",
    lock: get.lock,
    tenant: {
      grantId: "G".repeat(22) as GrantId,
      mode: "exclusive",
      owner: "",
      metadata: {},
      token: 0n,
      ageMs: 0,
      hasSession: false,
      ttlMs: 5_000,
    },
    shard: "s0",
    revision: 4n,
  };
  for (const listener of tier.watchers.keys()) listener(event);
  await expect.poll(() => seen).toEqual([event]);
  cancellation.cancel();
  expect(await ended).toBeUndefined();
  await expect.poll(() => tier.watchers.size).toBe(0);
});

test("a region that refuses connections is unavailable, for certain and soon", async () => {
  const peer = peerAt(await closedPort(), await closedPort());
  const outcome = await peer.execute(tryFor("a"), callWith());
  expect(outcome).toMatchObject({
    code: "SHARD_UNAVAILABLE",
    shard: "us-east-1",
    message: expect.stringContaining("us-east-1"),
  });
  expect(await peer.health(1_000)).toMatchObject({ reachable: false, rttMs: 0 });
});

test("a router that cannot be connected to is passed over", async () => {
  const { server } = await openDoor();
  const peer = peerAt(await closedPort(), server.address);
  expect(await peer.execute(tryFor("a"), callWith())).toMatchObject({ kind: "granted" });
});

test("a router that never finishes the connection is passed over", async () => {
  const { server } = await openDoor();
  const peer = peerAt(await mutePort(), server.address);
  expect(await peer.execute(tryFor("a"), callWith())).toMatchObject({ kind: "granted" });
});

test("a command that arrived and was not answered is an unknown outcome, and not sent again", async () => {
  const first = await openDoor();
  const second = await openDoor();
  const peer = peerAt(first.server.address, second.server.address);
  first.tier.instead = () => new Promise(() => {});
  const outcome = peer.execute(tryFor("a"), callWith());
  await expect.poll(() => first.tier.asked.length).toBe(1);
  await first.server.drain(0);
  expect(await outcome).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  expect(second.tier.asked).toEqual([]);
});

test("a read that was not answered is asked of the next router", async () => {
  const first = await openDoor();
  const second = await openDoor();
  const peer = peerAt(first.server.address, second.server.address);
  first.tier.instead = () => new Promise(() => {});
  const outcome = peer.execute(get, callWith());
  await expect.poll(() => first.tier.asked.length).toBe(1);
  await first.server.drain(0);
  expect(await outcome).toMatchObject({ kind: "lock" });
});

test("a deadline that passes leaves the outcome unknown", async () => {
  const { server, tier } = await openDoor();
  tier.instead = () => new Promise(() => {});
  const call = callWith({ deadlineMs: clock.monotonicMs() + 300 });
  expect(await peerAt(server.address).execute(tryFor("a"), call)).toMatchObject({
    code: "UNKNOWN_OUTCOME",
  });
});

test("losing the caller ends the call there, unless the request is to outlive it", async () => {
  const { server, tier } = await openDoor();
  tier.instead = () => new Promise(() => {});
  const peer = peerAt(server.address);
  const [brief, lasting] = [new Cancellation(), new Cancellation()];
  void peer.execute(tryFor("a"), callWith({ cancellation: brief }));
  void peer.execute(tryFor("b"), callWith({ cancellation: lasting, onCallerLost: "keep" }));
  await expect.poll(() => tier.asked.length).toBe(2);
  brief.cancel();
  lasting.cancel();
  const cancelled = () =>
    tier.asked
      .filter(({ call }) => call.cancellation.cancelled)
      .map(({ call }) => call.onCallerLost);
  await expect.poll(cancelled).toEqual(["cancel"]);
});

/** A wait of a client's stream: its places are asked for, and it outlives its caller. */
function streamed(places: number[], more: Partial<Call> = {}): Call {
  return callWith({ onCallerLost: "keep", onPosition: (place) => places.push(place), ...more });
}

test("the places of a waiter come back before its answer", async () => {
  const { server, tier } = await openDoor();
  tier.instead = async (_command, call) => {
    for (const place of [7, 3]) call.onPosition?.(place);
    return { kind: "timeout", holders: [], queueLength: 2 };
  };
  const places: number[] = [];
  const peer = peerAt(await closedPort(), server.address);
  const outcome = await peer.execute(tryFor("a", { waitMs: 9_000 }), streamed(places));
  expect(outcome).toMatchObject({ kind: "timeout", queueLength: 2 });
  expect(places).toEqual([7, 3]);
  expect(tier.asked.map(({ call }) => [call.hops, call.onCallerLost])).toEqual([[1, "keep"]]);
});

test("the leases that a waiter's place hangs on come back before its answer", async () => {
  const { server, tier } = await openDoor();
  const leases = [{ region: "eu-west-1", shard: "s0", leaseId: 7n as LeaseId }];
  tier.instead = async (_command, call) => {
    call.onLeases?.(leases);
    return { kind: "timeout", holders: [], queueLength: 2 };
  };
  const told: unknown[] = [];
  const call = callWith({ onCallerLost: "keep", onLeases: (each) => told.push(each) });
  const command = tryFor("a", { ...globally, waitMs: 9_000 });
  expect(await peerAt(server.address).execute(command, call)).toMatchObject({ kind: "timeout" });
  expect(told).toEqual([leases]);
});

test("a refusal of a waiter that is told its places arrives as it was", async () => {
  const { server, tier } = await openDoor();
  const full = failure("TOO_MANY_WAITERS", "The queue is full.", { retryAfterMs: 5 });
  tier.instead = async () => full;
  const peer = peerAt(server.address);
  expect(await peer.execute(tryFor("a", { waitMs: 9_000 }), streamed([]))).toEqual(full);
});

test("a wait whose router stopped is an unknown outcome, and not asked of the next", async () => {
  const first = await openDoor();
  const second = await openDoor();
  const peer = peerAt(first.server.address, second.server.address);
  first.tier.instead = () => new Promise(() => {});
  const outcome = peer.execute(tryFor("a", { waitMs: 9_000 }), streamed([]));
  await expect.poll(() => first.tier.asked.length).toBe(1);
  await first.server.drain(0);
  expect(await outcome).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  expect(second.tier.asked).toEqual([]);
});

test("a wait that is told its places ends with its deadline, in doubt", async () => {
  const { server, tier } = await openDoor();
  tier.instead = () => new Promise(() => {});
  const call = streamed([], { deadlineMs: clock.monotonicMs() + 500 });
  const outcome = await peerAt(server.address).execute(tryFor("a", { waitMs: 9_000 }), call);
  expect(outcome).toMatchObject({ code: "UNKNOWN_OUTCOME" });
});

test("a region out of reach refuses a wait for certain", async () => {
  const outcome = await peerAt(await closedPort()).execute(
    tryFor("a", { waitMs: 9_000 }),
    streamed([]),
  );
  expect(outcome).toMatchObject({ code: "SHARD_UNAVAILABLE", shard: "us-east-1" });
});

test("more waits than a connection has streams hold up no other call", async () => {
  const { server, tier } = await openDoor();
  const peer = peerAt(server.address);
  const cancellation = new Cancellation();
  tier.instead = (command) => {
    if (command.kind !== "acquire") return undefined;
    return new Promise((resolve) => cancellation.onCancel(() => resolve({ kind: "cancelled" })));
  };
  const waitFor = (index: number) =>
    peer.execute(
      tryFor(`w${index}`, { waitMs: 60_000 }),
      // Every other one as a client's stream asks, whose places come over a stream.
      index % 2 === 0 ? callWith({ cancellation }) : streamed([]),
    );
  const waits: Promise<unknown>[] = [];
  // In portions: a thousand at once take a slow processor longer than a connection may take.
  while (waits.length < limits.streamsPerConnectionMax + 100) {
    for (let count = 0; count < 100; count++) waits.push(waitFor(waits.length));
    await vi.waitFor(() => expect(tier.asked.length).toBe(waits.length), 20_000);
  }
  const deadlineMs = clock.monotonicMs() + 3_000;
  expect(await peer.execute(get, callWith({ deadlineMs }))).toMatchObject({ kind: "lock" });
  cancellation.cancel();
  await Promise.all(waits);
}, 30_000);
