import { journalKey } from "@holdfast/core/lock/keys";
import { expect, test } from "vitest";
import { startJournalRig } from "../testing/start-journal-rig.ts";
import { MemoryCheckpoints } from "./memory-checkpoints.ts";

test("a journal without a place in the shard begins anew with each process, with what stands", async () => {
  const rig = startJournalRig();
  await rig.acquire(["kept", "ended"]);
  await rig.release(["ended"]);
  await rig.clock.advance(1_000);
  await rig.store.compact(await rig.revision());
  const { notices } = rig.start({ checkpoints: new MemoryCheckpoints() });
  await rig.clock.advance(2_000);
  await rig.acquire(["later"]);
  await rig.clock.advance(2_000);
  const { events, damage } = await rig.read();
  expect(events.map((event) => `${event.kind} ${"lock" in event && event.lock?.name}`)).toEqual([
    "AuditGap false",
    "LockAcquired kept",
    "LockAcquired later",
  ]);
  expect(damage).toBeUndefined();
  expect(notices.map(({ action }) => action)).toContain("history-gone");
});

test("the checkpoint of a journal that has one in the shard stays, and so does its history", async () => {
  const rig = startJournalRig();
  const { journal } = rig.start();
  await rig.acquire(["a"]);
  await rig.clock.advance(2_000);
  void journal.stop();
  await rig.clock.advance(1_000);
  const before = await rig.store.range({ kind: "range", key: journalKey });
  const anew = rig.start({ checkpoints: new MemoryCheckpoints() });
  await rig.acquire(["b"]);
  await rig.clock.advance(600_000);
  expect(await rig.store.range({ kind: "range", key: journalKey })).toMatchObject({
    range: before.kind === "read" ? { kvs: before.range.kvs } : {},
  });
  void anew.journal.stop();
  await rig.clock.advance(1_000);
  // A journal that goes on from the shard's checkpoint finds all of it, and no gap.
  rig.start();
  await rig.clock.advance(10_000);
  const { events } = await rig.read();
  expect(events.filter(({ kind }) => kind === "AuditGap")).toEqual([]);
});
