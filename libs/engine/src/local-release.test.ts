import type { RequestId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { call } from "./testing/region.ts";
import { staleAtRouter1 } from "./testing/stale-session.ts";

const requestId = "r" as RequestId;

test("a release is not answered before its tombstone stands under the lease the session has", async () => {
  const { here, session } = await staleAtRouter1();
  const grant = await here.grant({ session, requestId }, 0);
  expect(await here.release(grant, session, 1, true)).toMatchObject({ kind: "released" });
  expect(await here.acquire({ session, requestId }, 0)).toMatchObject({ kind: "cancelled" });
});

test("not held is not answered before the tombstone stands", async () => {
  const { here, session } = await staleAtRouter1();
  const grant = await here.grant({ session, requestId }, 0);
  await here.release(grant, session, 0);
  expect(await here.release(grant, session, 1, true)).toMatchObject({ code: "NOT_HELD" });
  expect(await here.acquire({ session, requestId }, 0)).toMatchObject({ kind: "cancelled" });
});

test("a lock that was given back is not called held because its tombstone cannot be put", async () => {
  const faults = { reads: false, revokes: false };
  const { here, session } = await staleAtRouter1(faults);
  const grant = await here.grant({ session, requestId }, 0);
  // The release is carried out at once; where the session's lease is now cannot be read.
  faults.reads = true;
  const released = await here.release(grant, session, 1, true);
  faults.reads = false;
  expect(released).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  expect(await here.grant({ session, requestId: "next" as RequestId }, 0)).toBeDefined();
});

test("a request that was cancelled is not called untouched because its tombstone cannot be put", async () => {
  const faults = { reads: false, revokes: false };
  const { here, session } = await staleAtRouter1(faults);
  const { grantId, lock } = await here.grant({ session, requestId }, 0);
  faults.reads = true;
  const command = { kind: "cancel", lock, grantId, session } as const;
  const cancelled = await here.router(1).execute(command, call());
  faults.reads = false;
  expect(cancelled).toMatchObject({ code: "UNKNOWN_OUTCOME" });
  expect(await here.grant({ session, requestId: "next" as RequestId }, 0)).toBeDefined();
});
