import assert from "node:assert/strict";
import { freshRegion } from "../region.ts";
import type { Hazard } from "./hazard.ts";

const written = "something was granted in a shard that has acknowledged no placement";

/** A VALUE compare of a missing key is false, whatever the operator: a shard without an epoch. */
export const missingEpoch: Hazard = {
  number: 5,
  title: "a VALUE compare of a missing key",
  scenarios: [
    {
      name: "in a shard that lost everything, its epoch too, a router that runs on grants nothing",
      run: async (url) => {
        await using region = await freshRegion(url);
        await region.grant("before", { ttlMs: 10_000 });
        await region.wipe();
        const outcomes = await Promise.all([
          region.acquire("one", { ttlMs: 20_000 }),
          region.acquire("two", { ttlMs: 30_000, waitMs: 3_000 }),
        ]);
        assert.deepEqual(await region.keys("x/"), [], written);
        for (const outcome of outcomes) {
          assert.equal(outcome.kind === "failure" && outcome.code, "SHARD_UNAVAILABLE");
        }
      },
      guards: [
        {
          what: "every write compares the epoch by its value",
          file: "libs/core/src/lock/epoch.ts",
          find: "valueIs(epochKey, encodeEpoch(epoch))",
          replace: '{ target: "create", key: epochKey, op: "!=", revision: 1n << 40n } as const',
          fails: written,
        },
      ],
    },
  ],
};
