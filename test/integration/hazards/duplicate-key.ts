import assert from "node:assert/strict";
import { packed } from "../packed.ts";
import { codeOf, freshRegion } from "../region.ts";
import type { Hazard } from "./hazard.ts";

const wasSplit = "a batch was refused whole and had to be split";

/** Two puts of one key in a batch, even in branches that exclude each other: all is refused. */
export const duplicateKey: Hazard = {
  number: 2,
  title: "a duplicate key in a batch",
  scenarios: [
    {
      name: "a release and a cancel of one grant, which leave the same tombstone, cost no split",
      run: async (url) => {
        await using region = await freshRegion(url, { inFlightMax: 1 });
        const session = await region.open();
        const grant = await region.grant("lock", { session });
        const { lock, grantId } = grant;
        const tries = Array.from({ length: 20 }, (_, index) => () => {
          return region.acquire(`other-${index}`, { session });
        });
        const answers = await packed<{ readonly kind: string; readonly code?: string }>(region, [
          // Its acquire was repeated, so a copy may be under way: both refuse it.
          () => region.release(grant, session, true),
          () => region.execute({ kind: "cancel", lock, grantId, session }),
          ...tries,
        ]);
        const [release, cancel, ...others] = (await Promise.all(answers)).map(codeOf);
        assert.equal(release, "released");
        assert.equal(cancel, "cancelled");
        for (const other of others) assert.equal(other, "granted");
        assert.equal((await region.keys("t/")).length, 1);
        assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
      },
      guards: [
        {
          what: "an operation waits for a later batch while one with its conflict key is queued",
          file: "libs/core/src/txn/batch.ts",
          find: "lane.parked.push(sized);",
          replace: "this.#ready.push(sized), lane.ready++;",
          fails: wasSplit,
        },
        {
          what: "a cancel has the conflict key of its lock",
          file: "libs/engine/src/local-release.ts",
          find: "submit(cancelTxn(plan), site.conflictKey)",
          replace: 'submit(cancelTxn(plan), "a cancel")',
          fails: wasSplit,
        },
      ],
    },
  ],
};
