import { expect, test } from "vitest";
import { readEventRecord } from "../event-record.ts";
import type { ConsumedRecord, EventRecord } from "../ports/event-log.ts";
import { EventScript } from "../testing/event-script.ts";
import { SafetyWatch } from "./safety-watch.ts";

/** A watch that has one partition, and the rules it finds broken. */
function setUp(locksMax = 100) {
  let restarts = 0;
  const watch = new SafetyWatch({ locksMax, onRestart: () => restarts++ });
  watch.assign(["t/0"]);
  const at = (offset: number, record: EventRecord): ConsumedRecord => {
    return { ...record, topic: "t", partition: 0, offset: BigInt(offset) };
  };
  const check = (offset: number, record: EventRecord): string[] => {
    const read = readEventRecord(record);
    if (read.kind !== "event") throw new Error("a script writes events");
    return watch.check(at(offset, record), read.event, 0).map(({ rule }) => rule);
  };
  return { watch, at, check, restarts: () => restarts };
}

test("what somebody else has read meanwhile is not taken for what did not happen", () => {
  const { check, restarts } = setUp();
  const script = new EventScript();
  expect(check(0, script.granted("a", "g1"))).toEqual([]);
  // Offset 1, the release of it, went to another member.
  script.released("a", "g1");
  expect(check(2, script.granted("a", "g2"))).toEqual([]);
  expect(restarts()).toBe(2);
  expect(check(3, script.granted("a", "g3"))).toEqual(["two-exclusive"]);
});

test("what comes again changes nothing, and what is known outlasts it", () => {
  const { watch, check, restarts } = setUp();
  const script = new EventScript();
  const [grant, release, next] = [...script.tenure("a", "g1"), script.granted("a", "g2")];
  if (grant === undefined || release === undefined || next === undefined) throw new Error("three");
  for (const from of [0, 1, 0, 2]) {
    // The partitions are given out anew, and what was not committed is read again.
    watch.assign(["t/0", "t/1"]);
    for (const [offset, record] of [grant, release, next].entries()) {
      if (offset >= from) expect(check(offset, record)).toEqual([]);
    }
  }
  expect(restarts()).toBe(1);
  expect(check(3, script.granted("a", "g3"))).toEqual(["two-exclusive"]);
});

test("a record that nobody can read may have been anything, also an end", () => {
  const { watch, at, check, restarts } = setUp();
  const script = new EventScript();
  check(0, script.granted("a", "g1"));
  const unread = at(1, script.released("a", "g1"));
  watch.skip(unread);
  expect(check(2, script.granted("a", "g2"))).toEqual([]);
  expect(restarts()).toBe(2);
  // Read again, it is as unreadable as before, and nothing is forgotten for it.
  watch.skip(unread);
  expect(restarts()).toBe(2);
  expect(check(3, script.granted("a", "g3"))).toEqual(["two-exclusive"]);
});

test("a partition that went to another member is forgotten", () => {
  const { watch, check, restarts } = setUp();
  const script = new EventScript();
  check(0, script.granted("a", "g1"));
  watch.assign([]);
  watch.assign(["t/0"]);
  expect(check(1, script.granted("a", "g2"))).toEqual([]);
  expect(restarts()).toBe(2);
});

test("a gap in a shard's history excuses what is found behind it, in each region for itself", () => {
  const { check } = setUp();
  const script = new EventScript();
  check(0, script.granted("a", "g1"));
  const gap = script.record({ kind: "AuditGap", missingFrom: 2n, missingTo: 2n });
  expect(check(1, gap)).toEqual([]);
  expect(check(2, script.granted("a", "g2", { found: true }))).toEqual([]);
  expect(check(3, script.granted("a", "g3"))).toEqual(["two-exclusive"]);
});

test("a finding has the same id whenever it is found", () => {
  const script = new EventScript();
  const records = [script.granted("a", "g1"), script.granted("a", "g2")];
  const ids = [0, 1].map(() => {
    const watch = new SafetyWatch({ locksMax: 10, onRestart: () => {} });
    return records.flatMap((record, offset) => {
      const read = readEventRecord(record);
      if (read.kind !== "event") throw new Error("a script writes events");
      const consumed = { ...record, topic: "t", partition: 0, offset: BigInt(offset) };
      return watch.check(consumed, read.event, 0).map(({ id }) => id);
    });
  });
  expect(ids[0]).toEqual(ids[1]);
  expect(ids[0]).toEqual([expect.stringMatching(/^two-exclusive\/test\/us-east-1\/s0\/2\.0\//)]);
});
