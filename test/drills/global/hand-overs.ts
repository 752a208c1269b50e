import { longestGap } from "../../wan/longest-gap.ts";
import type { Aftermath, Findings } from "./global-drill.ts";

/** Longer than anything that is broken for a while keeps a lock from all who want it. */
const gapMsMax = 20_000;
/** What is replaced breaks nothing: the lock pauses for less than it takes to miss somebody. */
const rolloutGapMsMax = 10_000;

/** Of a drill in which a crowd wants one lock: how often it changes hands, the longest pause. */
export function handOvers(aftermath: Aftermath): Findings {
  return handedOver(aftermath, gapMsMax);
}

/** The same of a drill in which nothing is broken: nobody was refused or left in doubt, either. */
export function rolledOutUnnoticed(aftermath: Aftermath): Findings {
  const { problems, figures } = handedOver(aftermath, rolloutGapMsMax);
  const failed = aftermath.events.flatMap((event) => {
    if (event.kind !== "return" || event.result === "granted") return [];
    // What they still wait for when the run is over they give up.
    const isGivenUp = event.atMs >= aftermath.untilMs;
    return isGivenUp ? [] : [`${event.op}: ${event.result} ${event.why ?? ""}`];
  });
  return { problems: [...problems, ...failed], figures };
}

function handedOver({ tenures, untilMs }: Aftermath, gapMsMax: number): Findings {
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
