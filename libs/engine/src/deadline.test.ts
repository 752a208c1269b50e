import type { RequestId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { call, TestRegion } from "./testing/region.ts";
import { type Stalled, stallingStore } from "./testing/stalling-store.ts";

async function stallingRegion(shards = 1): Promise<{ here: TestRegion; stalled: Stalled }> {
  const stalled: Stalled = new Set();
  const here = new TestRegion(shards, (store) => stallingStore(store, () => here.clock, stalled));
  await here.start();
  return { here, stalled };
}

/** A call that ends in half a second. */
function hurried(here: TestRegion) {
  return { ...call(), deadlineMs: here.clock.monotonicMs() + 500 };
}

/** What is answered by the deadline of {@link hurried}. */
async function inTime<T>(here: TestRegion, answer: Promise<T>): Promise<T | "late"> {
  await here.clock.advance(501);
  return Promise.race([answer, here.clock.advance(0).then(() => "late" as const)]);
}

const lock = { region: "here", namespace: "default", name: "l" };

test("a renewal ends with its deadline while the shard gives out no lease", async () => {
  const { here, stalled } = await stallingRegion();
  const { grantId, token } = await here.grant({ ttlMs: 60_000 });
  await here.clock.advance(1_000);
  stalled.add("grantLease");
  const renew = { kind: "renew", lock, grantId, token } as const;
  expect(await inTime(here, here.router().execute(renew, hurried(here)))).toMatchObject({
    code: "SHARD_UNAVAILABLE",
    shard: "here/s0",
  });
});

test("an open ends with its deadline, however many shards do not answer", async () => {
  const { here, stalled } = await stallingRegion(3);
  stalled.add("grantLease");
  const requestId = "o" as RequestId;
  const open = { kind: "open-session", region: "here", ttlMs: 10_000, requestId } as const;
  expect(await inTime(here, here.router().execute(open, hurried(here)))).toMatchObject({
    code: "SHARD_UNAVAILABLE",
  });
});

test("a close ends with its deadline, and goes on where a shard answers late", async () => {
  const { here, stalled } = await stallingRegion();
  const session = await here.open();
  await here.grant({ session });
  stalled.add("grantLease");
  const close = { kind: "close-session", session, leases: [] } as const;
  expect(await inTime(here, here.router().execute(close, hurried(here)))).toMatchObject({
    code: "UNKNOWN_OUTCOME",
    shard: "here/s0",
  });
  await here.clock.advance(5_000);
  const state = await here.router().execute({ kind: "get", lock }, call());
  expect(state).toMatchObject({ holderCount: 0 });
});

test("nobody waits past a deadline for router and shard to agree on a placement", async () => {
  const { here, stalled } = await stallingRegion();
  const { placements, shards } = here.locals[0]?.context ?? {};
  const shard = shards?.get("s0");
  if (placements === undefined || shard === undefined) throw new Error("no shard");
  const ahead = 7;
  for (const epoch of [0, ahead]) {
    stalled.add("commit");
    const { deadlineMs } = hurried(here);
    const agreed = placements.reconcile(shard, epoch, deadlineMs);
    expect(await inTime(here, agreed)).toMatchObject({ code: "SHARD_UNAVAILABLE" });
    stalled.clear();
    await here.clock.advance(10_000);
  }
});

test("a wait that ends with its deadline is withdrawn behind its caller's back if that takes long", async () => {
  const { here, stalled } = await stallingRegion();
  const session = await here.open();
  await here.grant({ session });
  const waiting = here.acquire({ session, waitMs: 60_000 }, 0, hurried(here));
  await here.clock.advance(100);
  here.locals[0]?.context.sessions.forget(session);
  stalled.add("range");
  expect(await inTime(here, waiting)).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  stalled.clear();
  await here.clock.advance(8_000);
  const state = await here.router().execute({ kind: "get", lock }, call());
  expect(state).toMatchObject({ holderCount: 1, waiterCount: 0 });
});

test("an acquire, a repeated release and a cancel end with their deadlines while a session is looked up", async () => {
  const { here, stalled } = await stallingRegion();
  const session = await here.open();
  const { grantId, token } = await here.grant({ session });
  const unreachable = { code: "SHARD_UNAVAILABLE", shard: "here/s0" };
  const release = { kind: "release", lock, grantId, token, session, repeated: true } as const;
  const cancel = { kind: "cancel", lock, grantId, session } as const;
  const asks: (() => Promise<unknown>)[] = [
    () => here.acquire({ session, lock: { ...lock, name: "m" } }, 0, hurried(here)),
    () => here.router().execute(release, hurried(here)),
    () => here.router().execute(cancel, hurried(here)),
  ];
  for (const ask of asks) {
    here.locals[0]?.context.sessions.forget(session);
    stalled.add("range");
    expect(await inTime(here, ask())).toMatchObject(unreachable);
    stalled.clear();
    const beat = { kind: "heartbeat", session, ttlMs: 10_000, leases: [], list: false } as const;
    await here.clock.advance(5_500);
    await here.router().execute(beat, call());
  }
  expect(await here.router().execute({ kind: "get", lock }, call())).toMatchObject({
    holderCount: 1,
  });
});
