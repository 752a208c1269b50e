import { writesOf } from "../../history/guarded-writes.ts";
import type { Aftermath, Findings } from "./global-drill.ts";

/**
 * Of a drill in which holders are paused past their ttl: somebody must have come back and written
 * with a stale token, or nothing was shown.
 */
export function refusedWrites({ events }: Aftermath): Findings {
  const stale = writesOf(events).filter(({ accepted }) => !accepted).length;
  const problem = "no paused holder came back with a stale token: the resource refused nothing";
  return { problems: stale === 0 ? [problem] : [], figures: { stale_writes: stale } };
}
