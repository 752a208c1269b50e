import assert from "node:assert/strict";
import { Cancellation } from "@holdfast/base/cancellation";
import { packed } from "../packed.ts";
import { freshRegion } from "../region.ts";
import { until } from "../until.ts";
import type { Hazard } from "./hazard.ts";

const packing = "libs/core/src/txn/packing.ts";
const wasSplit = "a batch was refused whole and had to be split";

/** etcd takes 128 operations in a request, nested ones included, and 1.5 MiB. */
export const limitsOfBatch: Hazard = {
  number: 4,
  title: "operation limit and byte limit of a batch",
  scenarios: [
    {
      name: "400 acquires of deep names at once are all answered, in batches that etcd takes",
      run: manyOperations,
      guards: [
        {
          what: "a batch has at most 128 operations on any path",
          file: packing,
          find: "operationsMax: 128,",
          replace: "operationsMax: 1280,",
          fails: wasSplit,
        },
        {
          what: "a batch has at most 32 bundles",
          file: packing,
          find: "if (this.#bundles.length === bundlesMax) return false;",
          replace: "",
          fails: wasSplit,
        },
        {
          what: "what is decided together has at most 96 compares",
          file: packing,
          find: "compares.size + member.txn.compares.length <= room &&",
          replace: "",
          fails: wasSplit,
        },
        {
          what: "the widest operation of a bundle counts against the limit too",
          file: packing,
          find: "return members.length + 1 + Math.max(open.widest, size.width) <= room;",
          replace: "return members.length + 1 <= room;",
          fails: wasSplit,
        },
      ],
    },
    {
      name: "120 large requests at once all find their place, in batches that etcd takes",
      run: manyBytes,
      guards: [
        {
          what: "a batch has at most 1 MiB",
          file: packing,
          find: "this.#bytes + size.bytes > bytesMax;",
          replace: "this.#bytes < 0;",
          fails: wasSplit,
        },
      ],
    },
  ],
};

async function manyOperations(url: string): Promise<void> {
  await using region = await freshRegion(url, { inFlightMax: 1 });
  const session = await region.open();
  const names = Array.from(
    { length: 400 },
    (_, index) => `tree:root-${index}${"/deep".repeat(15)}`,
  );
  const granted = names.map((name) => () => region.acquire(name, { session }));
  const before = region.gate().sent.length;
  for (const answer of await packed(region, granted)) {
    assert.equal((await answer).kind, "granted");
  }
  assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
  // The plug, and no more batches than the limits make of them: 32 bundles of 2 in each.
  assert.equal(region.gate().sent.length - before, 1 + Math.ceil(names.length / 64));
  const other = await region.open();
  // Each loses the bundle it is in, and is asked again by itself.
  const held = names.map((name) => () => region.acquire(name, { session: other }));
  for (const answer of await packed(region, held)) assert.equal((await answer).kind, "held");
  assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
}

/** Every request as large as the API lets it be, and of the form that carries its record twice. */
async function manyBytes(url: string): Promise<void> {
  await using region = await freshRegion(url, { inFlightMax: 1 });
  const session = await region.open();
  const names = Array.from({ length: 120 }, (_, index) => `${index}`.padStart(256, "n"));
  await Promise.all(names.map((name) => region.grant(name, { session })));
  const cancellation = new Cancellation();
  const other = await region.open();
  const metadata = { text: "m".repeat(4_000) };
  const acquires = names.map((name) => () => {
    return region.acquire(name, { session: other, waitMs: 20_000, metadata }, { cancellation });
  });
  const answers = await packed(region, acquires);
  await until("all stand in line", async () => (await region.keys("q/")).length === names.length);
  assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
  cancellation.cancel();
  for (const answer of answers) assert.equal((await answer).kind, "cancelled");
}
