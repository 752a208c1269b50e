import { Holdfast } from "@holdfast/client/holdfast";
import type { Lock } from "@holdfast/client/lock";
import type { Actor } from "../actors/actor.ts";
import { acquireUntilDelegated } from "./delegated-actor.ts";
import { machineMs } from "./probe-actor.ts";
import type { RegionSettings } from "./region-settings.ts";

/**
 * Has a lock delegated to its region and holds it, or waits for one that another client holds.
 */
export type ClaimRequest =
  | { readonly do: "hold"; readonly lock: string }
  | { readonly do: "claim"; readonly lock: string }
  /** Forgets what it holds. */
  | { readonly do: "drop" };

/** Of "claim": when it was granted, in ms of the machine's clock. */
export interface ClaimAnswer {
  readonly grantedMs: number;
}

/** Longer than a delegation outlives its region by far. */
const wait = "60s";

/** Two clients of one region: one that holds, and one that waits. */
export async function claims({ routers: endpoints }: RegionSettings): Promise<Actor> {
  const holding = await Holdfast.connect({ endpoints, owner: "bench" });
  const claiming = await Holdfast.connect({ endpoints, owner: "bench" });
  const held: Lock[] = [];

  return {
    async perform(request) {
      const asked = request as ClaimRequest;
      if (asked.do === "hold") {
        held.push(await acquireUntilDelegated(holding, asked.lock));
        return undefined;
      }
      if (asked.do === "drop") {
        // By now somebody else has it: the answer is that it is lost.
        await Promise.all(held.splice(0).map((lock) => lock.release()));
        return undefined;
      }
      const lock = await claiming.acquire(asked.lock, { scope: "global", wait });
      const grantedMs = machineMs();
      await lock.release();
      return { grantedMs } satisfies ClaimAnswer;
    },
    async close() {
      await Promise.all([holding.close(), claiming.close()]);
    },
  };
}
