import type { Tenure } from "../../history/tenure.ts";
import type { Aftermath, Findings } from "./global-drill.ts";

/**
 * A dead owner's lock is granted again within its ttl, the clocks' drift, the lateness of a lease's
 * end in etcd, and some round trips. For a ttl of 5 s, an ocean, and a machine that is busy.
 */
const boundMs = 9_500;

/** Of a drill in which holders are killed while others wait for what they held. */
export function inheritedInTime({ events, tenures, untilMs }: Aftermath): Findings {
  const problems: string[] = [];
  let longestMs = 0;
  let inherited = 0;
  for (const death of events) {
    if (death.kind !== "died" || death.atMs + boundMs > untilMs) continue;
    for (const owned of tenures) {
      if (owned.client !== death.client || !isHeldAt(owned, death.atMs)) continue;
      const afterMs = nextGrantMs(tenures, owned, death.atMs) - death.atMs;
      inherited++;
      longestMs = Math.max(longestMs, afterMs);
      if (afterMs <= boundMs) continue;
      const when = Number.isFinite(afterMs)
        ? `only after ${Math.round(afterMs)} ms`
        : "never again";
      problems.push(`${owned.lock} of ${owned.op}, who was killed, was granted ${when}`);
    }
  }
  if (inherited === 0) problems.push("nobody who was killed held anything");
  return { problems, figures: { inherited_locks: inherited, inherited_ms_max: longestMs } };
}

/** The last thing its owner knew of it; whoever is killed believes nothing from then on. */
function isHeldAt({ result, mode, returnMs, believedUntilMs, release }: Tenure, atMs: number) {
  const isHeld = result === "granted" && mode === "exclusive" && returnMs < atMs;
  return isHeld && release === undefined && believedUntilMs >= atMs - 150;
}

function nextGrantMs(tenures: readonly Tenure[], owned: Tenure, atMs: number): number {
  const later = tenures.filter(
    ({ lock, result, returnMs }) => lock === owned.lock && result === "granted" && returnMs > atMs,
  );
  return later.reduce((least, { returnMs }) => Math.min(least, returnMs), Number.POSITIVE_INFINITY);
}
