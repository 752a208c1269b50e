import { setTimeout as sleep } from "node:timers/promises";
import { Holdfast } from "@holdfast/client/holdfast";
import type { Actor } from "../actors/actor.ts";
import type { ContenderSettings } from "../contenders/contender.ts";
import { type Latency, latencyOf } from "../percentile.ts";

/** A load that comes at its own pace, however slow the answers are. */
export interface PacedPlan {
  readonly acquiresPerS: number;
  /** Not counted. */
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** What it came to. */
export interface PacedAnswer {
  /** Pairs of acquire and release, the warm-up included. */
  readonly pairsInAll: number;
  readonly acquire: Latency;
  /** Acquires of the measured time. */
  readonly grants: readonly PacedGrant[];
}

/** When a lock was asked for, in milliseconds since 1970, and the grant that came of it. */
export type PacedGrant = readonly [grantId: string, askedMs: number];

/** More than so many under way: the servers do not keep up, and the figure would be the line's. */
const underWayMax = 8_000;
const tickMs = 1;

/** Names of all locks of a process begin so. */
export function pacedStem(pid: number): string {
  return `paced-${pid}/`;
}

/** Takes locks that nobody else wants at a steady rate, and gives each back at once. */
export async function paced(settings: ContenderSettings): Promise<Actor> {
  const client = await Holdfast.connect({ endpoints: [settings.router], owner: "bench" });
  const stem = pacedStem(process.pid);
  let count = 0;

  const run = async (plan: PacedPlan): Promise<PacedAnswer> => {
    const startMs = performance.now();
    const countFromMs = startMs + plan.warmupMs;
    const endMs = countFromMs + plan.measureMs;
    const acquireMs: number[] = [];
    const grants: PacedGrant[] = [];
    const underWay = new Set<Promise<void>>();
    let pairs = 0;
    let failure: unknown;

    const pair = async (): Promise<void> => {
      const name = `${stem}${(count++).toString(36).padStart(8, "0")}`;
      const [askedMs, fromMs] = [Date.now(), performance.now()];
      const lock = await client.acquire(name, { wait: 0 });
      const ms = performance.now() - fromMs;
      if (fromMs >= countFromMs) {
        acquireMs.push(ms);
        grants.push([lock.grantId, askedMs]);
      }
      const result = await lock.release();
      if (result !== "released") throw new Error(`a release answered "${result}"`);
    };
    while (failure === undefined && performance.now() < endMs) {
      const due = ((performance.now() - startMs) * plan.acquiresPerS) / 1_000;
      for (; pairs < due; pairs++) {
        if (underWay.size >= underWayMax) {
          failure ??= new Error(`${plan.acquiresPerS} acquires/s are more than the servers take`);
          break;
        }
        const started = pair()
          .catch((error: unknown) => {
            failure ??= error;
          })
          .finally(() => underWay.delete(started));
        underWay.add(started);
      }
      await sleep(tickMs);
    }
    await Promise.all(underWay);
    if (failure !== undefined) throw failure;
    return { pairsInAll: pairs, acquire: latencyOf(acquireMs), grants };
  };

  return {
    perform: (request) => run(request as PacedPlan),
    close: () => client.close(),
  };
}
