import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { footprintOf } from "@holdfast/core/lock/hierarchy";
import { lockKeys } from "@holdfast/core/lock/keys";
import type { KeyValue, Txn } from "@holdfast/core/txn/txn";
import { expect, test } from "vitest";
import type { LockSite } from "./lock-site.ts";
import type { WatchListener } from "./ports/shard-store.ts";
import { QueueFollower } from "./queue-follower.ts";
import { storedRecord } from "./testing/stored-record.ts";

const keys = lockKeys(1, "default", "l");
const mine = "m".repeat(22) as GrantId;

interface Speaking {
  /** Who else stands in line. */
  readonly others?: readonly KeyValue[];
  /** How long a watch lasts; for ever if left out. */
  readonly watchLastsMs?: number;
}

/** A follower over a store that this test speaks for; the caller `mine` waits. */
async function following({ others = [], watchLastsMs }: Speaking = {}) {
  const clock = new ManualClock();
  const watches = new Map<string, WatchListener>();
  const seen = { reads: 0, holders: 0 };
  const place = storedRecord(keys.queue.prefix + mine, 5n);
  const store = {
    commit: async (txn: Txn) => {
      if (!txn.success.some((op) => op.kind === "range" && op.countOnly)) seen.reads++;
      const kvs = [[place, ...others], [], []];
      const results = kvs.map((each) => ({ kind: "range", kvs: each, count: each.length }));
      return { kind: "committed", revision: 5n, result: { succeeded: true, results } };
    },
    watch: (request: { readonly key: string }, listener: WatchListener) => {
      watches.set(request.key, listener);
      if (watchLastsMs === undefined) return { cancel: () => {} };
      const ending = clock.schedule(watchLastsMs, () => listener.onEnd("interrupted"));
      return { cancel: () => ending.cancel() };
    },
  };
  const site = {
    shard: { store },
    keys,
    footprint: footprintOf(keys, 1, "default", "l", false),
  } as unknown as LockSite;
  let wanted = true;
  const follower = new QueueFollower(site, clock, {
    onChange: () => {},
    isWanted: () => wanted,
    onMoved: () => {},
    onHolder: () => {
      seen.holders++;
      wanted = false;
    },
    onSnapshot: () => {},
  });
  follower.start();
  await follower.whenRead();
  const gone = { ...place, modRevision: 6n, value: utf8("") };
  return {
    clock,
    seen,
    leave: () => watches.get(keys.queue.prefix)?.onEvents(6n, [{ kind: "delete", kv: gone }]),
    hold: () => {
      const held = storedRecord(keys.exclusive.prefix + mine, 6n);
      watches.get(keys.exclusive.prefix)?.onEvents(6n, [{ kind: "put", kv: held }]);
    },
  };
}

test("a grant that shows up a moment after its place went costs no second look at the queue", async () => {
  const { clock, seen, leave, hold } = await following();
  leave();
  hold();
  await clock.advance(500);
  expect(seen).toEqual({ reads: 1, holders: 1 });
});

test("a place that went without a grant is looked up", async () => {
  const { clock, seen, leave } = await following();
  leave();
  await clock.advance(500);
  expect(seen.reads).toBe(2);
});

test("watches that end at once are not begun again without a pause", async () => {
  const { clock, seen } = await following({ watchLastsMs: 1 });
  await clock.advance(10_000);
  expect(seen.reads).toBeGreaterThan(4);
  expect(seen.reads).toBeLessThan(12);
});

test("watches that lasted are begun again at once", async () => {
  const { clock, seen } = await following({ watchLastsMs: 1_500 });
  await clock.advance(1_550);
  expect(seen.reads).toBe(2);
  await clock.advance(7_500);
  expect(seen.reads).toBe(7);
});

test("a place that this build cannot read costs no reading of the whole queue again and again", async () => {
  const newer = storedRecord(keys.queue.prefix + "n".repeat(22), 6n);
  const { clock, seen } = await following({ others: [{ ...newer, value: utf8("\x7f{}") }] });
  await clock.advance(19_000);
  expect(seen.reads).toBe(1);
});
