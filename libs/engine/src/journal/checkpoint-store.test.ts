import { utf8 } from "@holdfast/base/bytes";
import { Cancellation } from "@holdfast/base/cancellation";
import { journalKey, journalLeaderKey } from "@holdfast/core/lock/keys";
import { absent } from "@holdfast/core/txn/txn";
import { expect, test } from "vitest";
import type { CommitReply, ShardStore } from "../ports/shard-store.ts";
import type { JournalRig } from "../testing/journal-rig.ts";
import { startJournalRig } from "../testing/start-journal-rig.ts";
import { type Checkpoint, firstCheckpoint } from "./checkpoint.ts";
import { CheckpointStore } from "./checkpoint-store.ts";

const first = firstCheckpoint("c");
const never = new Cancellation();

function at(revision: bigint): Checkpoint {
  return { ...first, done: { ...first.done, revision } };
}

/** A store of a leader, for as long as nobody else is elected. */
function storeOf(rig: JournalRig, store: ShardStore = rig.store): CheckpointStore {
  return new CheckpointStore(store, rig.clock, absent(journalLeaderKey), () => {});
}

async function stored(rig: JournalRig): Promise<bigint | undefined> {
  const loaded = await storeOf(rig).load();
  return loaded.kind === "loaded" ? loaded.checkpoint?.done.revision : undefined;
}

/** The store, whose next commit has this fate. */
function faulty(rig: JournalRig, fates: ("lost-answer" | "lost-request" | "refused")[]) {
  const commit: ShardStore["commit"] = async (txn): Promise<CommitReply> => {
    const fate = fates.shift();
    if (fate === undefined) return rig.store.commit(txn);
    if (fate === "refused") return { kind: "unavailable", message: "down" };
    if (fate === "lost-answer") await rig.store.commit(txn);
    return { kind: "unknown", message: "no answer" };
  };
  return new Proxy(rig.store as ShardStore, {
    get: (store, name: keyof ShardStore) => {
      return name === "commit" ? commit : (store[name] as () => unknown).bind(store);
    },
  });
}

test("of two that went on from one checkpoint the second to write is superseded", async () => {
  const rig = startJournalRig();
  const [one, other] = [storeOf(rig), storeOf(rig)];
  await one.load();
  await other.load();
  expect(await one.save(at(5n), never)).toBe("saved");
  expect(await other.save(at(4n), never)).toBe("superseded");
  expect(await one.save(at(6n), never)).toBe("saved");
  expect(await stored(rig)).toBe(6n);
});

test("who leads no more writes no more, though nobody else has written yet", async () => {
  const rig = startJournalRig();
  const store = storeOf(rig);
  await store.load();
  expect(await store.save(at(5n), never)).toBe("saved");
  await rig.store.commit({
    compares: [],
    success: [{ kind: "put", key: journalLeaderKey, value: utf8("other"), lease: 0n }],
    failure: [],
  });
  expect(await store.save(at(6n), never)).toBe("superseded");
  expect(await stored(rig)).toBe(5n);
});

test.each([
  ["whose answer was lost", ["lost-answer"] as const],
  ["that was lost, and then its answer", ["lost-request", "lost-answer"] as const],
  ["that was refused", ["refused", "refused"] as const],
])("a write %s is made once more, and the next one goes on behind it", async (_which, fates) => {
  const rig = startJournalRig();
  const store = storeOf(rig, faulty(rig, [...fates]));
  await store.load();
  const saving = store.save(at(5n), never);
  await rig.clock.advance(2_000);
  expect(await saving).toBe("saved");
  expect(await store.save(at(6n), never)).toBe("saved");
  expect(await stored(rig)).toBe(6n);
});

test("a write that is no longer wanted is given up", async () => {
  const rig = startJournalRig();
  const store = storeOf(rig, faulty(rig, Array(100).fill("refused")));
  await store.load();
  const cancellation = new Cancellation();
  const saving = store.save(at(5n), cancellation);
  await rig.clock.advance(1_000);
  cancellation.cancel();
  expect(await saving).toBe("cancelled");
  expect((await rig.store.range({ kind: "range", key: journalKey })).kind).toBe("read");
});
