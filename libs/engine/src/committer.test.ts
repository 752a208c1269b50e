import { ManualClock, settled } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import type { Tracer } from "@holdfast/base/tracer";
import { epochIs } from "@holdfast/core/lock/epoch";
import { absent, type OpResult, type Txn, type TxnResult } from "@holdfast/core/txn/txn";
import { expect, test } from "vitest";
import { BatchPace } from "./batch-pace.ts";
import { Committer } from "./committer.ts";
import { MemoryMeter } from "./memory/memory-meter.ts";
import { MemoryShardStore } from "./memory/memory-shard-store.ts";
import { commitMetrics } from "./metrics/commit-metrics.ts";
import type { CommitReply, ShardStore } from "./ports/shard-store.ts";

/** A store whose answers are given by hand. */
class ScriptedStore {
  readonly asked: { txn: Txn; answer: (reply: CommitReply) => void }[] = [];

  commit(txn: Txn): Promise<CommitReply> {
    return new Promise((answer) => this.asked.push({ txn, answer }));
  }

  as(): ShardStore {
    return this as unknown as ShardStore;
  }
}

const put = (key: string, epoch?: number): Txn => ({
  compares: epoch === undefined ? [] : [epochIs(epoch)],
  success: [{ kind: "put", key, value: new Uint8Array(), lease: 0n }],
  failure: [],
});

const done: TxnResult = { succeeded: true, results: [{ kind: "put" }] };

function committed(txn: Txn, revision = 5n): CommitReply {
  return { kind: "committed", revision, result: carriedOut(txn) };
}

function carriedOut(txn: Txn): TxnResult {
  const results = txn.success.map((op): OpResult => {
    if (op.kind === "txn") return { kind: "txn", result: carriedOut(op.txn) };
    return op.kind === "put" ? { kind: "put" } : { kind: "delete", deleted: 1 };
  });
  return { succeeded: true, results };
}

function keysOf(txn: Txn): string[] {
  return txn.success.flatMap((op) =>
    op.kind === "txn" ? keysOf(op.txn) : "key" in op ? [op.key] : [],
  );
}

test("a lone operation is sent at once and as it is", async () => {
  const store = new ScriptedStore();
  const committer = new Committer({ store: store.as() });
  const answer = committer.submit(put("a"), "a");
  await settled();
  expect(store.asked.map(({ txn }) => txn)).toEqual([put("a")]);
  store.asked[0]?.answer(committed(put("a"), 7n));
  expect(await answer).toEqual({ kind: "committed", revision: 7n, result: done });
});

test("what comes while two batches are under way shares the next one", async () => {
  const store = new ScriptedStore();
  const committer = new Committer({ store: store.as() });
  for (const key of ["a", "b"]) {
    void committer.submit(put(key), key);
    await settled();
  }
  for (const key of ["c", "d", "e"]) void committer.submit(put(key), key);
  await settled();
  expect(store.asked).toHaveLength(2);
  store.asked[0]?.answer(committed(put("a")));
  await settled();
  expect(keysOf(store.asked[2]?.txn ?? put("none"))).toEqual(["c", "d", "e"]);
});

test("an unknown outcome goes to every operation of the batch and nothing is repeated", async () => {
  const store = new ScriptedStore();
  const committer = new Committer({ store: store.as() });
  const answers = ["a", "b", "c"].map((key) => committer.submit(put(key), key));
  await settled();
  store.asked[0]?.answer({ kind: "unknown", message: "no answer" });
  const replies = await Promise.all(answers);
  expect(replies.map(({ kind }) => kind)).toEqual(["unknown", "unknown", "unknown"]);
  expect(store.asked).toHaveLength(1);
});

test("a refused batch is split until only the culprit is refused", async () => {
  const store = new ScriptedStore();
  const committer = new Committer({ store: store.as() });
  const keys = ["a", "b", "bad", "d", "e"];
  const answers = keys.map((key) => committer.submit(put(key), key));
  for (let at = 0; at < 20; at++) {
    await settled();
    const next = store.asked[at];
    if (next === undefined) break;
    next.answer(
      keysOf(next.txn).includes("bad")
        ? { kind: "rejected", reason: "lease-not-found", message: "requested lease not found" }
        : committed(next.txn),
    );
  }
  const replies = await Promise.all(answers);
  expect(replies.map(({ kind }) => kind)).toEqual([
    "committed",
    "committed",
    "rejected",
    "committed",
    "committed",
  ]);
});

test("an epoch that all compare is compared once, and each answers for itself if it is lost", async () => {
  const store = new ScriptedStore();
  const committer = new Committer({ store: store.as() });
  const answers = ["a", "b"].map((key) => committer.submit(put(key, 3), key));
  await settled();
  expect(store.asked[0]?.txn.compares).toEqual([epochIs(3)]);
  store.asked[0]?.answer({
    kind: "committed",
    revision: 4n,
    result: { succeeded: false, results: [] },
  });
  await settled();
  const again = store.asked[1]?.txn;
  expect(again?.compares).toEqual([]);
  const [bundle] = again?.success ?? [];
  const members = bundle?.kind === "txn" ? bundle.txn.success : [];
  expect(members.map((op) => op.kind === "txn" && op.txn.compares)).toEqual([
    [epochIs(3)],
    [epochIs(3)],
  ]);
  store.asked[1]?.answer(committed(again ?? put("none")));
  expect((await Promise.all(answers)).map(({ kind }) => kind)).toEqual(["committed", "committed"]);
});

test("a full queue refuses at once, and says that nothing was done", async () => {
  const store = new ScriptedStore();
  const committer = new Committer({ store: store.as(), queueMax: 1, inFlightMax: 1 });
  void committer.submit(put("a"), "a");
  await settled();
  void committer.submit(put("b"), "b");
  expect(await committer.submit(put("c"), "c")).toMatchObject({ kind: "unavailable" });
  expect(committer.counts.refused).toBe(1);
});

test("a full store is asked once more for what writes nothing, and not for each put", async () => {
  const store = new ScriptedStore();
  const committer = new Committer({ store: store.as() });
  const remove: Txn = { compares: [], success: [{ kind: "delete", key: "c" }], failure: [] };
  const other: Txn = { compares: [], success: [{ kind: "delete", key: "d" }], failure: [] };
  const answers = [put("a"), put("b"), remove, other].map((txn, index) =>
    committer.submit(txn, `${index}`),
  );
  await settled();
  store.asked[0]?.answer({ kind: "rejected", reason: "no-space", message: "no space" });
  await settled();
  expect(keysOf(store.asked[1]?.txn ?? put("none"))).toEqual(["c", "d"]);
  store.asked[1]?.answer(committed(store.asked[1].txn));
  const replies = await Promise.all(answers);
  expect(replies.map(({ kind }) => kind)).toEqual([
    "rejected",
    "rejected",
    "committed",
    "committed",
  ]);
  expect(store.asked).toHaveLength(2);
});

test("one hopeful operation that loses is told so, and the others still get what they hoped for", async () => {
  const clock = new ManualClock();
  const store = new MemoryShardStore({ clock, random: new SeededRandom(1) });
  const committer = new Committer({ store });
  await store.commit(put("k7"));
  const answers = Array.from({ length: 20 }, (_, index) => {
    const txn = { ...put(`k${index}`), compares: [absent(`k${index}`)] };
    return committer.submit(txn, `${index}`, { hopeful: true });
  });
  const replies = await Promise.all(answers);
  const won = replies.map((reply) => reply.kind === "committed" && reply.result.succeeded);
  expect(won).toEqual(replies.map((_, index) => index !== 7));
  expect(committer.counts.parted).toBeGreaterThan(0);
  expect(committer.counts.parted).toBeLessThan(20);
});

test("operations that keep losing take nobody with them any more", async () => {
  const clock = new ManualClock();
  const store = new MemoryShardStore({ clock, random: new SeededRandom(1) });
  const committer = new Committer({ store });
  await store.commit(put("taken"));
  const round = () => {
    const losing = { ...put("d"), compares: [absent("taken")] };
    const txns = [put("a"), put("b"), put("c"), losing];
    return Promise.all(txns.map((txn, at) => committer.submit(txn, `${at}`, { hopeful: true })));
  };
  for (let count = 0; count < 10; count++) await round();
  const { parted } = committer.counts;
  for (let count = 0; count < 10; count++) await round();
  expect(committer.counts.parted).toBe(parted);
});

test("a witness is told how many went together, how long they waited, and of each kept trace", async () => {
  const [clock, meter, store] = [new ManualClock(), new MemoryMeter(), new ScriptedStore()];
  const told: string[] = [];
  const tracer: Tracer = {
    keeps: () => true,
    span: (name, parent) => {
      told.push(`${name} of ${parent?.slice(36, 37)}`);
      return { traceparent: traceOf("b"), end: (outcome) => void told.push(`${name} ${outcome}`) };
    },
  };
  const metrics = commitMetrics(meter, "s0");
  const witness = { clock, metrics, tracer, shard: "s0" };
  const committer = new Committer({ store: store.as(), witness });
  for (const key of ["a", "b"]) {
    void committer.submit(put(key), key);
    await settled();
  }
  void committer.submit(put("c"), "c");
  const traced = committer.submit(put("d"), "d", { traceparent: traceOf("a") });
  void committer.submit(put("e"), "e", { traceparent: traceOf("a").replace(/1$/, "0") });
  await settled();
  await clock.advance(30);
  store.asked[0]?.answer(committed(put("a")));
  await settled();
  const together = store.asked[2];
  together?.answer(committed(together.txn));
  await traced;
  expect(told).toEqual(["commit of a", "etcd txn of b", "etcd txn committed", "commit committed"]);
  const labels = { shard: "s0" };
  const batches = meter.observed("holdfast_commit_batch_operations", labels);
  expect(batches).toMatchObject({ count: 3, sum: 5 });
  expect(meter.observed("holdfast_commit_wait_seconds", labels)?.sum).toBeCloseTo(0.09);
});

/** A committer whose store takes 2 ms for a batch of late, and whose last one carried a crowd. */
async function crowded() {
  const [clock, store] = [new ManualClock(), new ScriptedStore()];
  const committer = new Committer({ store: store.as(), pace: new BatchPace(clock), fullBatch: 6 });
  let keys = 0;
  const submit = async (count: number) => {
    for (let index = 0; index < count; index++) {
      const key = `k${keys++}`;
      void committer.submit(put(key), key);
    }
    await settled();
  };
  const answer = async () => {
    for (const { txn, answer } of store.asked) answer(committed(txn));
    await settled();
  };
  for (let batches = 0; batches < 50; batches++) {
    await submit(6);
    await clock.advance(2);
    await answer();
  }
  const sizes = () => store.asked.slice(50).map(({ txn }) => keysOf(txn).length);
  return { clock, submit, answer, sizes };
}

test("on a busy shard operations wait for each other, for a moment", async () => {
  const { clock, submit, sizes } = await crowded();
  await submit(1);
  await submit(2);
  expect(sizes()).toEqual([]);
  await clock.advance(2);
  expect(sizes()).toEqual([3]);
});

test("a batch that is full goes at once, and who comes alone after a small one as well", async () => {
  const { clock, submit, answer, sizes } = await crowded();
  await submit(6);
  expect(sizes()).toEqual([6]);
  await clock.advance(4);
  await submit(1);
  expect(sizes()).toEqual([6, 1]);
  await answer();
  await submit(1);
  expect(sizes()).toEqual([6, 1, 1]);
});

function traceOf(span: string): string {
  return `00-${"1".repeat(32)}-${span.repeat(16)}-01`;
}
