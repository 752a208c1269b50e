import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { poolWindowMs } from "@holdfast/engine/lease-pool";
import { packed, packedAfter } from "../packed.ts";
import { freshRegion, grantIn, newRequestId, type Region } from "../region.ts";
import type { Guard, Hazard } from "./hazard.ts";

const oneAKey: Guard = {
  what: "an operation waits for a later batch while one with its conflict key is queued",
  file: "libs/core/src/txn/batch.ts",
  find: "lane.parked.push(sized);",
  replace: "this.#ready.push(sized), lane.ready++;",
  fails: "",
};

/** The compares of a batch do not see its writes: two operations that conflict both succeed. */
export const conflictingOperations: Hazard = {
  number: 1,
  title: "conflicting operations in one batch",
  scenarios: [
    {
      name: "an exclusive and a shared acquire of one lock that could share a batch: one is granted",
      run: async (url) => {
        await using region = await freshRegion(url, { inFlightMax: 1 });
        await onlyOneGets(region, "lock", "exclusive", "lock", "shared");
      },
      guards: [{ ...oneAKey, fails: "both acquires were granted" }],
    },
    {
      name: "acquires of a parent and its child that could share a batch: one is granted",
      run: async (url) => {
        await using region = await freshRegion(url, { inFlightMax: 1 });
        await onlyOneGets(region, "tree:a", "exclusive", "tree:a/b", "exclusive");
      },
      guards: [
        {
          what: "in a hierarchical namespace the conflict key is the root of the tree",
          file: "libs/engine/src/lock-site.ts",
          find: "routingPart(name, hierarchical)",
          replace: "name",
          fails: "both acquires were granted",
        },
        { ...oneAKey, fails: "both acquires were granted" },
      ],
    },
    {
      name: "a waiter that is renewed and then promoted is granted under the lease it was told of",
      run: putThenDelete,
      guards: [
        {
          what: "the renewal of a place in line has the conflict key of its lock",
          file: "libs/engine/src/local-wait.ts",
          find: "submit(renewTxn(plan), site.conflictKey, options)",
          replace: 'submit(renewTxn(plan), "a renewal", options)',
          fails: "the grant hangs on the older lease",
        },
        { ...oneAKey, fails: "the grant hangs on the older lease" },
      ],
    },
  ],
};

type Mode = "exclusive" | "shared";

async function onlyOneGets(
  region: Region,
  one: string,
  oneMode: Mode,
  other: string,
  otherMode: Mode,
): Promise<void> {
  const sessions = [await region.open(), await region.open()] as const;
  const answers = await packed(region, [
    () => region.acquire(one, { session: sessions[0], mode: oneMode }),
    () => region.acquire(other, { session: sessions[1], mode: otherMode }),
  ]);
  const kinds = (await Promise.all(answers)).map(({ kind }) => kind);
  assert.notDeepEqual(kinds, ["granted", "granted"], "both acquires were granted");
  assert.deepEqual(kinds, ["granted", "held"]);
}

/**
 * The renewal puts the key of the place, under a newer lease; the hand-over in the holder's release
 * deletes it, and puts the grant under the lease it knows. In one batch the hand-over's compare of
 * the place does not see the put, and the client believes in a lease that the grant does not have.
 */
async function putThenDelete(url: string): Promise<void> {
  for (let left = 5; !(await wasPutThenDeleted(url)); left--) {
    assert(left > 0, "this machine is too slow to renew a place within the window of a lease");
  }
}

/** False where the renewal came too late for the lease that was ready, and so for the batch. */
async function wasPutThenDeleted(url: string): Promise<boolean> {
  await using region = await freshRegion(url, { inFlightMax: 1 });
  const session = await region.open();
  const held = await region.grant("lock", { session });
  const waiting = { requestId: newRequestId(), ttlMs: 10_000, waitMs: 30_000 };
  const first = region.acquire("lock", waiting);
  await region.inLine("lock", 1);
  const [olderPlace] = await region.keys("q/");
  assert(olderPlace !== undefined);
  await sleep(poolWindowMs + 50);
  const leasesBefore = region.gate().granted.length;
  const [repeat, released] = await packedAfter(
    region,
    "q/",
    () => region.acquire("lock", waiting),
    [() => region.release(held, session)],
  );
  assert.equal((await released)?.kind, "released");
  const grants = [grantIn(await first), grantIn(await repeat)];
  if (region.gate().granted.length > leasesBefore + 1) return false;
  const [holder] = await region.keys("x/");
  assert(holder !== undefined, "the waiter holds the lock");
  assert.notEqual(holder.lease, olderPlace.lease, "the grant hangs on the older lease");
  for (const { lease } of grants) assert.equal(lease.leaseId, holder.lease);
  return true;
}
