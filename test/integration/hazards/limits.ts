import assert from "node:assert/strict";
import { Cancellation } from "@holdfast/base/cancellation";
import { packed } from "../packed.ts";
import { freshRegion } from "../region.ts";
import { until } from "../until.ts";
import type { Hazard } from "./hazard.ts";

const wasSplit = "a batch was refused whole and had to be split";

/** etcd takes 128 operations in a request, nested ones included, and 1.5 MiB. */
export const limitsOfBatch: Hazard = {
  number: 4,
  title: "operation limit and byte limit of a batch",
  scenarios: [
    {
      name: "400 acquires at once are all granted, in batches that etcd takes",
      run: manyOperations,
      guards: [
        {
          what: "a batch has at most 128 operations",
          file: "libs/core/src/txn/batch.ts",
          find: "operationsMax: 128,",
          replace: "operationsMax: 1280,",
          fails: wasSplit,
        },
        {
          what: "the widest operation of a batch counts against the limit too",
          file: "libs/core/src/txn/batch.ts",
          find: "batch.length + 1 + width <= this.#limits.operationsMax &&",
          replace: "batch.length + 1 <= this.#limits.operationsMax &&",
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
          file: "libs/core/src/txn/batch.ts",
          find: "bytes + next.size.bytes <= this.#limits.bytesMax",
          replace: "bytes >= 0",
          fails: wasSplit,
        },
      ],
    },
  ],
};

async function manyOperations(url: string): Promise<void> {
  await using region = await freshRegion(url, { inFlightMax: 1 });
  const session = await region.open();
  const acquires = Array.from({ length: 400 }, (_, index) => () => {
    return region.acquire(`lock-${index}`, { session });
  });
  const before = region.gate().sent.length;
  const answers = await packed(region, acquires);
  for (const answer of answers) assert.equal((await answer).kind, "granted");
  assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
  // The plug, and no more batches than the limit makes of them.
  assert.equal(region.gate().sent.length - before, 1 + 4);
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
