import { type LoadPlan, type LoadResult, runLoad } from "../closed-loop.ts";
import type { Contender } from "../contenders/contender.ts";
import { type Latency, latencyOf } from "../percentile.ts";
import type { Actor } from "./actor.ts";

/** What a loader answers to a {@link LoadPlan}. */
export interface LoadAnswer extends Omit<LoadResult, "acquireMs"> {
  readonly acquire: Latency;
}

/** Puts a closed loop of load on one contender. */
export function loader(contender: Contender): Actor {
  return {
    async perform(plan) {
      const { acquireMs, ...result } = await runLoad(contender, plan as LoadPlan);
      return { ...result, acquire: latencyOf(acquireMs) } satisfies LoadAnswer;
    },
    close: () => contender.close(),
  };
}
