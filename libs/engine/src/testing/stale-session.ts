import type { RequestId, SessionId } from "@holdfast/base/ids";
import { randomUuid } from "@holdfast/base/random";
import { type Faults, faultyStore } from "./faulty-store.ts";
import { call, TestRegion } from "./region.ts";

/** A session whose lease ended and was made anew at router 0; router 1 remembers the old one. */
export async function staleAtRouter1(
  faults?: Faults,
): Promise<{ here: TestRegion; session: SessionId }> {
  const here = new TestRegion(1, (store) => (faults ? faultyStore(store, faults) : store));
  await here.start(2);
  const session = await here.open(3_000);
  const beat = { kind: "heartbeat", session, ttlMs: 3_000, leases: [], list: false } as const;
  await here.router(1).execute(beat, call());
  await here.clock.advance(5_000);
  here.locals[0]?.context.sessions.forget(session);
  await here.router(0).execute(
    {
      kind: "open-session",
      region: "here",
      ttlMs: 3_000,
      requestId: randomUuid(here.random) as RequestId,
      session,
    },
    call(),
  );
  return { here, session };
}
