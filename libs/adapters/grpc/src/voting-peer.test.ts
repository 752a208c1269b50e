import { connect, createServer, type Socket } from "node:net";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import { emptyRegister } from "@holdfast/core/quorum/register-value";
import { holderOf } from "@holdfast/core/quorum/testing/requests";
import { expect, onTestFinished, test } from "vitest";
import { here, peerOf, serveThere, there, until } from "./testing/voting-pair.ts";

const lock = { namespace: "default", name: "everywhere" };
const ballot = { round: 3, proposer: 11, incarnation: 1 };
const session = "0123456789012345678901" as SessionId;
const withinMs = 2_000;
const traceparent = `00-${"1".repeat(32)}-${"a".repeat(16)}-01`;

/** A pair that has said hello. */
async function connected() {
  const rig = await serveThere();
  const peer = peerOf(rig.address);
  await until(() => peer.health.reachable);
  return { ...rig, peer };
}

test("every question reaches the other region as it was asked, and its answer comes back", async () => {
  const { peer, region } = await connected();
  const holder = holderOf("grant", { session });
  const accept = {
    ballot,
    value: { ...emptyRegister, holders: [holder], version: 1 },
    next: { ...ballot, round: 4 },
    attach: [holder],
    forget: ["old" as GrantId],
    generation: 5,
  };
  const answers = await Promise.all([
    peer.prepare(lock, { ballot, generation: 5 }, withinMs),
    peer.accept(lock, accept, withinMs, traceparent),
    peer.read(lock, 5, withinMs),
    peer.meet(lock, { session, ttlMs: 10_000 }, withinMs),
    peer.keepAlive(lock, session, withinMs),
  ]);
  const lease = { kind: "region-lease", region: "there", shard: "s0", lease: 7n };
  expect(answers).toEqual([
    { kind: "promised", live: [], halfTrusted: false },
    { kind: "accepted", attached: [] },
    { kind: "other-generation", generation: 6 },
    { ...lease, validForMs: 9_650 },
    { ...lease, validForMs: 9_650 },
  ]);
  expect(region.asked).toMatchObject([
    { what: "prepare", lock, given: { ballot, generation: 5 }, withinMs },
    { what: "accept", lock, given: accept, withinMs, traceparent },
    { what: "read", lock, given: 5, withinMs },
    { what: "meet", lock, given: { session, ttlMs: 10_000 }, withinMs },
    { what: "keep-alive", lock, given: session, withinMs },
  ]);
});

test("a thousand questions at once are answered, each with its own answer", async () => {
  const { peer } = await connected();
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, (_, generation) => peer.read(lock, generation, withinMs)),
  );
  expect(answers).toEqual(
    answers.map((_, index) => ({ kind: "other-generation", generation: index + 1 })),
  );
});

test("the round trip is measured, and a region is reachable once it said hello", async () => {
  const { peer } = await connected();
  expect(peer.health).toMatchObject({ reachable: true, problem: "" });
  expect(peer.health.rttMs).toBeGreaterThan(0);
});

test("a question that is not answered in its time is a failure, and no later", async () => {
  const { peer, region } = await connected();
  region.gate = new Promise(() => {});
  const startedMs = performance.now();
  const answer = await peer.read(lock, 1, 100);
  expect(answer).toMatchObject({ code: "SHARD_UNAVAILABLE" });
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});

test("questions whose stream breaks fail at once, and none of them is asked again", async () => {
  const { peer, region, voting } = await connected();
  region.gate = new Promise(() => {});
  const asking = peer.prepare(lock, { ballot, generation: 1 }, 60_000);
  await until(() => region.asked.length === 1);
  voting.finish("the coordinator stops");
  expect(await asking).toMatchObject({
    code: "SHARD_UNAVAILABLE",
    message: expect.stringContaining("the coordinator stops"),
  });
  await until(() => peer.health.reachable);
  expect(region.asked).toHaveLength(1);
});

test("a region that cannot be connected to fails questions at once, and is found when it comes", async () => {
  const first = await serveThere();
  first.server.forceShutdown();
  const peer = peerOf(first.address);
  expect(await peer.read(lock, 1, 60_000)).toMatchObject({ code: "SHARD_UNAVAILABLE" });
  await serveThere({}, first.port);
  await until(() => peer.health.reachable);
  expect(await peer.read(lock, 1, withinMs)).toMatchObject({ kind: "other-generation" });
});

test("the next coordinator of the region is used when the first one is gone", async () => {
  const gone = await serveThere();
  const alive = await serveThere();
  const peer = peerOf(gone.address, { addresses: [gone.address, alive.address] });
  await until(() => peer.health.reachable);
  gone.server.forceShutdown();
  await until(() => !peer.health.reachable);
  await until(() => peer.health.reachable);
  await peer.read(lock, 1, withinMs);
  expect(alive.region.asked).toHaveLength(1);
});

test.each([
  ["region", { ...there, region: "nowhere" }, "says it is of nowhere, where there should be"],
  ["installation", { ...there, cluster: "other" }, "which is another installation"],
  ["proposer id and incarnation", { ...there, ...ofHere() }, "the same proposer id 11"],
])("a coordinator of the wrong %s is refused by the one that asks", async (_, identity, why) => {
  const { address } = await serveThere({ identity, askers: ["here"] });
  const peer = peerOf(address);
  await until(() => peer.health.problem.includes(why));
  expect(peer.health.reachable).toBe(false);
  expect(await peer.read(lock, 1, withinMs)).toMatchObject({ code: "SHARD_UNAVAILABLE" });
});

test("a link that lets nothing back fails every question in its time, and is found", async () => {
  const { address, region } = await serveThere();
  const wire = await oneWay(Number(address.split(":")[1]));
  const peer = peerOf(`127.0.0.1:${wire.port}`);
  await until(() => peer.health.reachable);
  wire.cut();
  const answers = await Promise.all([peer.read(lock, 1, 200), peer.read(lock, 2, 200)]);
  for (const answer of answers) expect(answer).toMatchObject({ code: "SHARD_UNAVAILABLE" });
  expect(region.asked).toHaveLength(2);
  await until(() => !peer.health.reachable);
  wire.mend();
  await until(() => peer.health.reachable);
}, 20_000);

function ofHere() {
  const { proposer, incarnation } = here;
  return { proposer, incarnation };
}

/** A relay to a port that can be told to swallow what comes back. */
async function oneWay(port: number) {
  let isCut = false;
  const sockets = new Set<Socket>();
  const relay = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => {
      if (!isCut) near.write(bytes);
    });
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    relay.close();
  });
  const address = relay.address();
  return {
    port: typeof address === "object" ? address?.port : 0,
    cut: () => {
      isCut = true;
    },
    mend: () => {
      isCut = false;
    },
  };
}

test("a region that nobody asks is asked now and then, so that the way to it stays known", async () => {
  const { peer, region } = await connected();
  await until(() => region.asked.length > 0);
  expect(region.asked).toMatchObject([{ what: "read", given: 0 }]);
  await until(() => peer.health.reachable);
}, 20_000);
