import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Caller, eventually, put, txn } from "./calls.ts";
import { type EtcdUnderTest, etcdMissing, startEtcd } from "./etcd-under-test.ts";

describe.skipIf(etcdMissing !== undefined)("a shard of three etcd members", () => {
  let etcd: EtcdUnderTest;
  let at: Caller;
  beforeAll(async () => {
    etcd = await startEtcd(3);
    at = new Caller(etcd.store);
  });
  afterAll(() => etcd?.[Symbol.asyncDispose]());

  /** Writes one key after another for a while; what was said to be written, and the longest gap. */
  async function writeFor(prefix: string, durationMs: number) {
    const untilMs = performance.now() + durationMs;
    const written: string[] = [];
    const kinds = new Set<string>();
    let lastMs = performance.now();
    let gapMs = 0;
    for (let index = 0; performance.now() < untilMs; index++) {
      const key = `${prefix}/${String(index).padStart(6, "0")}`;
      const reply = await at.store.commit(txn([], [put(key)]));
      kinds.add(reply.kind);
      if (reply.kind === "committed") {
        written.push(key);
        gapMs = Math.max(gapMs, performance.now() - lastMs);
        lastMs = performance.now();
      } else {
        await sleep(20);
      }
    }
    return { written, kinds, gapMs };
  }

  it("tells of each member what people want to know", async () => {
    const members = await etcd.store.status();
    expect(members).toHaveLength(3);
    for (const member of members) {
      expect(member).toMatchObject({ clusterId: etcd.store.clusterId, noSpace: false });
      expect(member).toHaveProperty("version", expect.stringMatching(/^3\./));
    }
    const leaders = members.map((member) => ("leaderId" in member ? member.leaderId : 0n));
    const ids = members.map((member) => ("memberId" in member ? member.memberId : 0n));
    expect(new Set(leaders).size).toBe(1);
    expect(ids).toContain(leaders[0]);
  });

  it("loses nothing it has confirmed when its leader is killed, and writes on", async () => {
    const leader = await etcd.cluster.leader();
    const lease = await at.grant(30);
    const writing = writeFor("k", 4_000);
    await sleep(500);
    await leader.kill("SIGKILL");
    const { written, kinds, gapMs } = await writing;
    console.log(`killed leader: ${[...kinds].join(", ")}; no write for ${Math.round(gapMs)} ms`);
    await leader.restart();
    await etcd.cluster.waitHealthy();
    const kept = new Set(await at.keys("k"));
    expect(written.filter((key) => !kept.has(key))).toEqual([]);
    expect(await at.store.keepAlive(lease)).toEqual({ kind: "kept", ttlS: 30 });
  });

  it("ends its watches when their member freezes, and writes on", async () => {
    const { revision } = await at.write(put("f/first"));
    const watch = at.watch({ key: "f/", rangeEnd: "f0", startRevision: revision });
    expect(await eventually(() => watch.told.length === 1)).toBe(true);
    const leader = await etcd.cluster.leader();
    await leader.kill("SIGSTOP");
    const frozenMs = performance.now();
    try {
      const writing = writeFor("w", 6_000);
      // The watch may run on a follower that lives: then it goes on.
      const isOver = () => watch.told.at(-1) === "interrupted";
      const ended = await eventually(isOver, 15_000);
      if (ended) console.log(`interrupted after ${Math.round(performance.now() - frozenMs)} ms`);
      const { written, kinds, gapMs } = await writing;
      expect(written.length).toBeGreaterThan(0);
      console.log(`frozen leader: ${[...kinds].join(", ")}; no write for ${Math.round(gapMs)} ms`);
      const last = await at.write(put("f/last"));
      if (!ended) expect(await eventually(() => watch.told.length === 2)).toBe(true);
      const again = at.watch({ key: "f/", rangeEnd: "f0", startRevision: last.revision });
      expect(await eventually(() => again.told.length === 1)).toBe(true);
    } finally {
      await leader.kill("SIGCONT");
    }
    await etcd.cluster.waitHealthy();
  });
});
