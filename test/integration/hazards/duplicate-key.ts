import assert from "node:assert/strict";
import { packed } from "../packed.ts";
import { freshRegion, grantIn, newRequestId, type Region } from "../region.ts";
import { until } from "../until.ts";
import type { Hazard } from "./hazard.ts";

const wasSplit = "a batch was refused whole and had to be split";

/** Two puts of one key in a batch, even in branches that exclude each other: all of it is refused. */
export const duplicateKey: Hazard = {
  number: 2,
  title: "a duplicate key in a batch",
  scenarios: [
    {
      name: "an acquire and its repeat that could share a batch get the same grant, with no split",
      run: async (url) => {
        await using region = await freshRegion(url, { inFlightMax: 1 });
        const session = await region.open();
        const requestId = newRequestId();
        const twice = () => region.acquire("lock", { session, requestId });
        const answers = await packed(region, [twice, twice, ...tries(region, session)]);
        const grants = (await Promise.all(answers)).map(grantIn);
        assert.equal(grants[0]?.token, grants[1]?.token);
        assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
      },
      guards: [
        {
          what: "an operation waits for a later batch while one with its conflict key is queued",
          file: "libs/core/src/txn/batch.ts",
          find: "if (parked !== undefined) {",
          replace: "if (parked === null) {",
          fails: wasSplit,
        },
      ],
    },
    {
      name: "two repeats of one waiter that could share a batch stand in one place, with no split",
      run: async (url) => {
        await using region = await freshRegion(url, { inFlightMax: 1 });
        const session = await region.open();
        const held = await region.grant("lock", { session });
        const waiter = { session, requestId: newRequestId(), waitMs: 20_000 };
        const first = region.acquire("lock", waiter);
        // From here on newcomers join the queue without trying the lock.
        await until(
          "the queue is known",
          async () => (await region.state("lock")).waiterCount === 1,
        );
        await until("the queue is followed", () => region.locals.context.queues.size === 1);
        const other = { session, requestId: newRequestId(), waitMs: 20_000 };
        const join = () => region.acquire("lock", other);
        const answers = await packed(region, [join, join, ...tries(region, session)]);
        const [one, two, ...rest] = answers;
        await Promise.all(rest);
        assert.equal((await region.state("lock")).waiterCount, 2);
        assert.equal(region.shard().committer.counts.splits, 0, wasSplit);
        await region.release(held, session);
        await region.release(grantIn(await first), session);
        assert.equal(grantIn(await one!).token, grantIn(await two!).token);
      },
      guards: [
        {
          what: "joining a queue has the request's own conflict key",
          file: "libs/engine/src/local-acquire.ts",
          find: "const reply = await site.shard.committer.submit(enqueueTxn(plan), own);",
          replace:
            "const reply = await site.shard.committer.submit(enqueueTxn(plan), own + Math.random());",
          fails: wasSplit,
        },
      ],
    },
  ],
};

/** Tries for other locks, to share the batch with. */
function tries(region: Region, session: Awaited<ReturnType<Region["open"]>>) {
  return Array.from({ length: 20 }, (_, index) => () => {
    return region.acquire(`other-${index}`, { session });
  });
}
