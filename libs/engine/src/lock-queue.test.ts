import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import { makeToken } from "@holdfast/core/fencing/token";
import { footprintOf } from "@holdfast/core/lock/hierarchy";
import { lockKeys } from "@holdfast/core/lock/keys";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { expect, test } from "vitest";
import { LockQueue, type WaitResult } from "./lock-queue.ts";
import type { LockSite } from "./lock-site.ts";
import type { WatchEvent, WatchListener } from "./ports/shard-store.ts";
import { storedRecord } from "./testing/stored-record.ts";

const keys = lockKeys(1, "default", "l");
const mine = "m".repeat(22) as GrantId;
const place = keys.queue.prefix + mine;
const grant = keys.exclusive.prefix + mine;

/** A queue over a store that this test speaks for; `inLine` stands there as of revision 50. */
async function queueWith(inLine: readonly KeyValue[]) {
  const clock = new ManualClock();
  const watches = new Map<string, WatchListener>();
  const store = {
    commit: async () => {
      const results = [inLine, [], []].map((kvs) => ({ kind: "range", kvs, count: kvs.length }));
      return { kind: "committed", revision: 50n, result: { succeeded: true, results } };
    },
    watch: (request: { readonly key: string }, listener: WatchListener) => {
      watches.set(request.key, listener);
      return { cancel: () => {} };
    },
  };
  const footprint = footprintOf(keys, 1, "default", "l", false);
  const site = { shard: { store }, keys, footprint } as unknown as LockSite;
  const queue = new LockQueue({
    site,
    surroundings: { clock, random: new SeededRandom(1) },
    currentSite: () => undefined,
    onDoubt: () => {},
  });
  await queue.whenCurrent();
  const tell = (kind: WatchEvent["kind"], key: string, revision: bigint) => {
    const kv = storedRecord(key, revision);
    const event = { kind, kv: kind === "put" ? kv : { ...kv, value: utf8("") } };
    const watched = [...watches].find(([prefix]) => key.startsWith(prefix));
    watched?.[1].onEvents(revision, [event]);
  };
  const wait = (placedAt: bigint) => {
    const told: WaitResult[] = [];
    queue.add({ grantId: mine, placedAt, settle: (result) => told.push(result) });
    return told;
  };
  return { clock, queue, tell, wait };
}

const granted = (revision: bigint) => ({
  kind: "granted",
  token: makeToken(1, revision),
  lease: 1n,
  mode: "exclusive",
});

test("late word of a grant is not for a place that was made after it", async () => {
  const { tell, wait, queue } = await queueWith([storedRecord(place, 5n)]);
  const before = wait(5n);
  // The grant of revision 52 ended with its lease, and the repeat stands in line anew.
  const repeat = wait(61n);
  tell("put", grant, 52n);
  expect([before, repeat]).toEqual([[granted(52n)], []]);
  tell("delete", place, 52n);
  tell("delete", grant, 59n);
  tell("put", place, 61n);
  tell("put", grant, 80n);
  expect(repeat).toEqual([granted(80n)]);
  queue.end();
});

test("a place that is gone is not taken for one that was made after it", async () => {
  const { clock, wait, queue } = await queueWith([]);
  const before = wait(5n);
  const repeat = wait(61n);
  // The place of revision 5 is not in the snapshot; the one of 61 came later.
  await clock.advance(500);
  expect([before, repeat]).toEqual([[{ kind: "gone" }], []]);
  queue.end();
});
