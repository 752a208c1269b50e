import { absent, type Txn } from "@holdfast/core/txn/txn";
import type { CommitReply, WatchListener } from "@holdfast/engine/ports/shard-store";
import { expect, test } from "vitest";
import { HistoryRecorder } from "../history/history-recorder.ts";
import { outsideOfJobs } from "../kernel/microtasks.ts";
import { SimulatedNetwork } from "../kernel/simulated-network.ts";
import { SimulatedProcess } from "../kernel/simulated-process.ts";
import { Simulation } from "../kernel/simulation.ts";
import { putting, ShardLink } from "./shard-link.ts";
import { SimulatedShard } from "./simulated-shard.ts";
import { cleanStore } from "./store-faults.ts";

function makeWorld(leaseLateMsMax = 0) {
  const simulation = new Simulation({ seed: 5, keepTrace: true });
  const recorder = new HistoryRecorder(simulation);
  const router = new SimulatedProcess(simulation, "r0");
  const network = new SimulatedNetwork(simulation, { minMs: 1, maxMs: 2 });
  const process = new SimulatedProcess(simulation, "s0");
  const shard = new SimulatedShard({ name: "s0", process, recorder, leaseLateMsMax });
  const link = new ShardLink({
    simulation,
    shard,
    process: router,
    network,
    delayMs: { minMs: 1, maxMs: 2 },
    timeLimitMs: 1_000,
  });
  return { simulation, recorder, router, network, shard, link };
}

type World = ReturnType<typeof makeWorld>;

function inWorld(body: (world: World) => void): Promise<void> {
  return outsideOfJobs(() => body(makeWorld()));
}

function put(key: string): Txn {
  const value = new Uint8Array([1]);
  return {
    compares: [absent(key)],
    success: [{ kind: "put", key, value, lease: 0n }],
    failure: [],
  };
}

/** Commits, and says what was answered when, and when it was in the store. */
function commit(world: World, key: string) {
  const seen: { reply?: CommitReply; repliedMs?: number } = {};
  void world.link.commit(put(key)).then((reply) => {
    seen.reply = reply;
    seen.repliedMs = world.simulation.nowMs;
  });
  world.simulation.run(world.simulation.nowMs + 10_000);
  const stored = world.recorder.entries.find(
    (entry) => entry.kind === "stored" && entry.changes.some((change) => change.key === key),
  );
  return { ...seen, storedMs: stored?.atMs };
}

test("a clean link answers with what the store did, a round trip later", () =>
  inWorld((world) => {
    const { reply, storedMs, repliedMs } = commit(world, "k");
    expect(reply?.kind).toBe("committed");
    expect(storedMs).toBeGreaterThan(0);
    expect(repliedMs).toBeGreaterThan(storedMs ?? 0);
    expect(repliedMs).toBeLessThan(10);
  }));

test("a refused write is not applied, and says so", () =>
  inWorld((world) => {
    world.link.setFaults({ ...cleanStore, refusedRate: 1 });
    expect(commit(world, "k")).toMatchObject({
      reply: { kind: "unavailable" },
      storedMs: undefined,
    });
  }));

test("unknown is answered after the time limit: not applied, applied, or applied later", () =>
  inWorld((world) => {
    world.link.setFaults({ ...cleanStore, requestLostRate: 1 });
    const lost = commit(world, "lost");
    expect(lost).toMatchObject({ reply: { kind: "unknown" }, storedMs: undefined });
    world.link.setFaults({ ...cleanStore, replyLostRate: 1 });
    const applied = commit(world, "applied");
    expect(applied.reply?.kind).toBe("unknown");
    expect(applied.storedMs).toBeLessThan((applied.repliedMs ?? 0) - 900);
    world.link.setFaults({ ...cleanStore, stalledRate: 1, stalledMsMax: 9_000 });
    const stalled = Array.from({ length: 10 }, (_, index) => commit(world, `stalled${index}`));
    expect(stalled.every((it) => it.reply?.kind === "unknown" && it.storedMs)).toBe(true);
    expect(stalled.some((it) => (it.storedMs ?? 0) > (it.repliedMs ?? 0) + 1_000)).toBe(true);
  }));

test("a single commit can be made to stall, or to be refused", () =>
  inWorld((world) => {
    world.link.stallNext(putting("stalled"), 5_000);
    expect(commit(world, "other").reply?.kind).toBe("committed");
    const stalled = commit(world, "stalled");
    expect(stalled.reply?.kind).toBe("unknown");
    expect(stalled.storedMs).toBeGreaterThan(5_000);
    world.link.refuseNext(putting("refused"));
    expect(commit(world, "refused")).toMatchObject({ reply: { kind: "unavailable" } });
    expect(commit(world, "refused").reply?.kind).toBe("committed");
    world.link.slowNext(putting("slow"), 500);
    const startMs = world.simulation.nowMs;
    const slow = commit(world, "slow");
    expect(slow.reply?.kind).toBe("committed");
    expect(slow.repliedMs).toBeGreaterThan(startMs + 500);
  }));

test("a write of a router that crashed lands all the same, and is answered to nobody", () =>
  inWorld((world) => {
    world.simulation.after(0.5, () => world.router.crash());
    const { reply, storedMs } = commit(world, "k");
    expect(reply).toBeUndefined();
    expect(storedMs).toBeGreaterThan(0.5);
  }));

test("a cut link neither reads nor writes, until it is mended", () =>
  inWorld((world) => {
    world.network.cut("r0", "s0");
    expect(commit(world, "k").storedMs).toBeUndefined();
    world.network.mend("r0", "s0");
    expect(commit(world, "k").reply?.kind).toBe("committed");
  }));

interface Seen {
  revisions: bigint[];
  ends: string[];
}

function listen(): WatchListener & Seen {
  const seen: Seen = { revisions: [], ends: [] };
  return {
    ...seen,
    onEvents: (revision) => void seen.revisions.push(revision),
    onEnd: (reason) => void seen.ends.push(reason),
  };
}

test("a slow watch delivers every revision in order", () =>
  inWorld((world) => {
    const listener = listen();
    world.link.setFaults({ ...cleanStore, watchSlowRate: 0.5, slowMsMax: 2_000 });
    world.link.watch({ key: "a", rangeEnd: "z", startRevision: 1n }, listener);
    for (let index = 0; index < 40; index++) void world.link.commit(put(`k${index}`));
    world.simulation.run(60_000);
    expect(listener.revisions).toEqual(Array.from({ length: 40 }, (_, index) => BigInt(index + 2)));
    expect(listener.ends).toEqual([]);
  }));

test("an interrupted watch says so once and is silent afterwards", () =>
  inWorld((world) => {
    const listener = listen();
    world.link.setFaults({ ...cleanStore, watchInterruptedRate: 0.2 });
    world.link.watch({ key: "a", rangeEnd: "z", startRevision: 1n }, listener);
    for (let index = 0; index < 40; index++) void world.link.commit(put(`k${index}`));
    world.simulation.run(60_000);
    expect(listener.ends).toEqual(["interrupted"]);
    expect(listener.revisions.length).toBeLessThan(40);
  }));

test("a change of leader gives every lease its ttl again", () =>
  inWorld((world) => {
    const { simulation, shard, link } = world;
    let leftS = 0;
    void link.grantLease(3).then((reply) => {
      if (reply.kind !== "granted") return;
      simulation.after(2_500, () => shard.changeLeader());
      simulation.after(4_500, () => {
        void link.leaseKeys(reply.lease).then((keys) => {
          leftS = keys.kind === "lease" ? keys.remainingS : Number.NaN;
        });
      });
    });
    simulation.run(5_200);
    expect(leftS).toBe(0);
    const whats = world.recorder.entries.flatMap((entry) =>
      entry.kind === "lease" ? [entry.what] : [],
    );
    expect(whats).toEqual(["granted", "kept"]);
  }));
