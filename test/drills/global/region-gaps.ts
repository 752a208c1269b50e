import type { FaultEvent } from "../../history/history-event.ts";
import type { Tenure } from "../../history/tenure.ts";
import { longestGap, type Window } from "../../wan/longest-gap.ts";
import { partName, probeRole } from "./cast.ts";
import type { Aftermath, Findings } from "./global-drill.ts";

/** A gap belongs to a fault that begins up to so long after the last grant before it. */
const beforeMs = 500;
/** What comes back is a disturbance too. */
const afterMs = 3_000;

/**
 * The longest times in which nothing was granted while a region was lost: to clients of each other
 * region, and to its own, who must find another region's router. Measured on locks that nobody has
 * used before, so none was held or delegated there.
 */
export function gapsOf({ events, tenures, untilMs }: Aftermath): Findings {
  const faults = events.filter(
    (event): event is FaultEvent => event.kind === "fault" && event.target.startsWith("region "),
  );
  let elsewhereMs = 0;
  let lostMs = 0;
  for (const fault of faults) {
    const lost = fault.target.slice("region ".length);
    const window = {
      fromMs: fault.atMs - beforeMs,
      untilMs: Math.min(untilMs, fault.untilMs + afterMs),
    };
    for (const region of probedRegions(tenures)) {
      const gapMs = longestGapMs(tenures, partName({ role: probeRole, region }), window);
      if (region === lost) lostMs = Math.max(lostMs, gapMs);
      else elsewhereMs = Math.max(elsewhereMs, gapMs);
    }
  }
  return { problems: [], figures: { gap_elsewhere_ms: elsewhereMs, gap_lost_region_ms: lostMs } };
}

/** Regions that have clients who probe. */
function probedRegions(tenures: readonly Tenure[]): string[] {
  const found = tenures.map(
    ({ client }) => new RegExp(`^${probeRole}-(.+)-\\d+$`).exec(client)?.[1],
  );
  return [...new Set(found.filter((region) => region !== undefined))];
}

/**
 * The longest time, in ms, in which nothing was granted to clients whose names begin with `client`,
 * between two moments; the stretches before the first grant and after the last one count.
 */
export function longestGapMs(tenures: readonly Tenure[], client: string, window: Window): number {
  const granted = tenures.filter(
    (tenure) => tenure.result === "granted" && tenure.client.startsWith(client),
  );
  return longestGap(
    granted.map(({ returnMs }) => returnMs),
    window,
  );
}
