import { tokenEpoch } from "@holdfast/core/fencing/token";
import { placementKey } from "@holdfast/core/lock/keys";
import { decodePlacement, encodePlacement } from "@holdfast/core/placement/placement";
import { expect, test } from "vitest";
import { faultyStore } from "./testing/faulty-store.ts";
import { TestRegion } from "./testing/region.ts";

/** All that is left of a shard whose disks are gone. */
async function empty(here: TestRegion, shard: number): Promise<void> {
  const everything = { kind: "delete", key: " ", rangeEnd: "\x7f" } as const;
  await here.stores[shard]?.commit({ compares: [], success: [everything], failure: [] });
}

/** What each shard has stored as the version of the placement. */
async function versions(here: TestRegion): Promise<(number | undefined)[]> {
  return Promise.all(
    here.stores.map(async (store) => {
      const reply = await store.range({ kind: "range", key: placementKey });
      const kv = reply.kind === "read" ? reply.range.kvs[0] : undefined;
      return kv === undefined ? undefined : decodePlacement(kv.value)?.version;
    }),
  );
}

/** Grants of locks in all shards. */
async function grants(here: TestRegion) {
  const names = Array.from({ length: 16 }, (_, index) => `lock-${index}`);
  return Promise.all(
    names.map((name) => {
      const lock = { region: "here", namespace: "default", name };
      return here.grant({ lock, ttlMs: 60_000 });
    }),
  );
}

test("publishing again changes nothing", async () => {
  const here = new TestRegion(2);
  await here.start(0);
  await here.start(0);
  expect(await versions(here)).toEqual([1, 1]);
});

for (const emptied of [0, 1]) {
  test(`when shard ${emptied} has lost everything, all shards get an epoch they never had`, async () => {
    const here = new TestRegion(2);
    await here.start();
    const before = await grants(here);
    await empty(here, emptied);
    await here.start(0);
    expect(await versions(here)).toEqual([2, 2]);
    await here.clock.advance(20_000);
    for (const grant of before) await here.release(grant, undefined);
    const after = await grants(here);
    expect(after.map(({ token }) => tokenEpoch(token))).toEqual(after.map(() => 2));
  });
}

test("a router gives no epoch to a shard that has none", async () => {
  const here = new TestRegion(1);
  await here.start();
  await empty(here, 0);
  const attempt = here.acquire({ ttlMs: 60_000 });
  await here.clock.advance(5_000);
  expect(await attempt).toMatchObject({
    code: "SHARD_UNAVAILABLE",
    message: expect.stringContaining("does not say what it is"),
  });
  expect(await versions(here)).toEqual([undefined]);
});

test("a publisher that stalled puts no older placement over a newer one", async () => {
  let newer: Uint8Array | undefined;
  let made = 0;
  const here = new TestRegion(2, (store) => {
    if (made++ === 0) return store;
    return {
      ...faultyStore(store, { reads: false, revokes: false }),
      commit: async (txn) => {
        const isPut = txn.success.some((op) => op.kind === "put" && op.key === placementKey);
        if (isPut && newer !== undefined) {
          const put = { kind: "put", key: placementKey, value: newer, lease: 0n } as const;
          await store.commit({ compares: [], success: [put], failure: [] });
        }
        return store.commit(txn);
      },
    };
  });
  await here.start();
  const first = here.locals[0]?.context.placements.current;
  if (first === undefined) throw new Error("no placement");
  await empty(here, 1);
  // While this publisher is about to write version 2, another one has got to version 3.
  newer = encodePlacement({ ...first, version: 3 });
  await expect(here.start(0)).rejects.toThrow("Another placement service");
  expect(await versions(here)).toEqual([2, 3]);
});
