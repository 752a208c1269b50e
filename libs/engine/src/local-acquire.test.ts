import type { RequestId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
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
