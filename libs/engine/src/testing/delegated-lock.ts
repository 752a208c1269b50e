import type { SessionId } from "@holdfast/base/ids";
import type { AcquireOutcome, Grant } from "@holdfast/core/command/outcome";
import { onTestFinished } from "vitest";
import { isSite, locate } from "../local-context.ts";
import type { LockSite } from "../lock-site.ts";
import type { GlobalRig, rigRegions } from "./global-rig.ts";
import { rigLock } from "./start-rig.ts";

type Region = (typeof rigRegions)[number];

/** A session whose client lives for as long as the test lasts. */
export async function client(world: GlobalRig, region: Region): Promise<SessionId> {
  const session = await world.open(region);
  onTestFinished(world.keepAlive(session));
  return session;
}

/** What the one answer granted. */
export function grantIn([outcome]: AcquireOutcome[]): Grant {
  if (outcome?.kind !== "granted") throw new Error(`not granted: ${JSON.stringify(outcome)}`);
  return outcome.grant;
}

/** Delegated to a region, and held there by a client of it. */
export async function delegated(world: GlobalRig, region: Region, of = rigLock) {
  const session = await client(world, region);
  for (let times = 0; times < 2; times++) {
    await world.release(region, await world.grant(region, { session, lock: of }));
  }
  const asked = { session, lock: of, waitMs: 1_000, owner: "holder" };
  const grant = await world.grant(region, asked);
  return { session, grant };
}

/** Where a region keeps a lock. */
export function siteIn(
  world: GlobalRig,
  region: Region,
  { namespace, name }: typeof rigLock,
): LockSite {
  const site = locate(world.local(region).context, { region, namespace, name });
  if (!isSite(site)) throw new Error(site.message);
  return site;
}
