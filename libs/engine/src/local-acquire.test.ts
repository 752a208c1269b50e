import { Cancellation } from "@holdfast/base/cancellation";
import { sleep } from "@holdfast/base/clock";
import type { RequestId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { faultyStore } from "./testing/faulty-store.ts";
import { TestRegion } from "./testing/region.ts";
import { staleAtRouter1 } from "./testing/stale-session.ts";

const requestId = "r" as RequestId;

test("a repeat is told of its grant only once it is claimed under the lease the session has", async () => {
  const { here, session } = await staleAtRouter1();
  const grant = await here.grant({ session, requestId }, 0);
  expect(await here.acquire({ session, requestId }, 1)).toMatchObject({ code: "CONTENDED" });
  const again = await here.grant({ session, requestId }, 1);
  expect(again.token).toBe(grant.token);
  expect(again.validForMs).toBeGreaterThan(0);
});

/** A region whose shard takes 5 s to say that it does not know, while `stall.on`. */
async function stalling() {
  const stall = { on: false };
  const here: TestRegion = new TestRegion(1, (store) => ({
    ...faultyStore(store, { reads: false, revokes: false }),
    commit: async (txn) => {
      if (!stall.on) return store.commit(txn);
      await sleep(here.clock, 5_000);
      return { kind: "unknown", message: "no answer" };
    },
  }));
  await here.start();
  return { here, stall, session: await here.open(60_000) };
}

test("those who would wait for one lock are not kept one after the other by a shard that stalls", async () => {
  const { here, stall, session } = await stalling();
  stall.on = true;
  const asked = [0, 1, 2, 3].map(() => here.acquire({ session, waitMs: 60_000 }));
  await here.clock.advance(5_100);
  const codes = (await Promise.all(asked)).map((each) => each.kind === "failure" && each.code);
  expect(codes).toEqual(["UNKNOWN_OUTCOME", ...Array(3).fill("SHARD_UNAVAILABLE")]);
});

test("a request whose caller went before its turn asks for nothing", async () => {
  const { here, session } = await stalling();
  const cancellation = new Cancellation();
  const first = here.acquire({ session, waitMs: 60_000 });
  const second = here.acquire({ session, waitMs: 60_000 }, 0, {
    cancellation,
    onCallerLost: "keep",
  });
  cancellation.cancel();
  expect(await second).toEqual({ kind: "cancelled" });
  await here.clock.advance(100);
  const granted = await first;
  if (granted.kind !== "granted") throw new Error(granted.kind);
  await here.release(granted.grant, session);
  await here.clock.advance(500);
  expect(await here.acquire({ session })).toMatchObject({ kind: "granted" });
});
