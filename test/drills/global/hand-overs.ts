import { longestGap } from "../../wan/longest-gap.ts";
import type { Aftermath, Findings } from "./global-drill.ts";

/** Longer than anything that is broken for a while keeps a lock from all who want it. */
const gapMsMax = 20_000;

/** Of a drill in which a crowd wants one lock: how often it changes hands, the longest pause. */
export function handOvers({ tenures, untilMs }: Aftermath): Findings {
  const granted = tenures.filter(({ lock, result }) => {
    return lock.endsWith("/hot") && result === "granted";
  });
  const momentsMs = granted.map(({ returnMs }) => returnMs);
  const fromMs = Math.min(untilMs, ...momentsMs);
  const gapMs = longestGap(momentsMs, { fromMs, untilMs });
  const problem = `nobody got the lock that all want for ${Math.round(gapMs)} ms`;
  const perMinute = (momentsMs.length * 60_000) / Math.max(1, untilMs - fromMs);
  return {
    problems: gapMs > gapMsMax ? [problem] : [],
    figures: { hand_overs_per_minute: perMinute, longest_gap_ms: gapMs },
  };
}
