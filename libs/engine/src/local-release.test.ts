import type { RequestId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
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
