import { type Clock, sleep } from "@holdfast/base/clock";
import { within } from "../connection/within.ts";
import { printDuration } from "../input/duration.ts";
import { type Finding, ok, skip, warn } from "./finding.ts";

const driftWindowMs = 1_000;
/** What the holder's deadline allows between two machines' clock rates. */
const driftMax = 0.01;
const askTimeoutMs = 1_000;
/** An HTTP date has whole seconds, so less cannot be told from none. */
const skewVisibleMs = 2_000;

/** Does wall time pass as fast here as monotonic time? Leases are measured on the latter. */
export async function checkLocalClock(clock: Clock): Promise<Finding> {
  const wallMs = clock.wallMs();
  const monotonicMs = clock.monotonicMs();
  await sleep(clock, driftWindowMs);
  const elapsedMs = clock.monotonicMs() - monotonicMs;
  const driftMs = clock.wallMs() - wallMs - elapsedMs;
  const about = "clock here";
  const share = `${driftMs >= 0 ? "+" : ""}${driftMs.toFixed(1)}ms in ${printDuration(elapsedMs)}`;
  if (Math.abs(driftMs) <= elapsedMs * driftMax)
    return ok(about, `wall against monotonic ${share}`);
  return warn(
    about,
    `wall time runs off from monotonic time: ${share}`,
    "Let chrony or ntpd slew instead of step: a step looks like a suspend, and locks count as lost.",
  );
}

/**
 * How far a store's wall clock is from ours, by the date of an HTTP answer, give or take a second.
 * No lock depends on it; the times that people compare in logs and in `get` do.
 */
export async function checkSkew(
  clock: Clock,
  region: string,
  storeEndpoints: readonly string[],
): Promise<Finding> {
  const about = `clock ${region}`;
  for (const endpoint of storeEndpoints.filter((one) => /^https?:\/\//.test(one)).slice(0, 3)) {
    const skewMs = await askForSkew(clock, endpoint);
    if (skewMs === undefined) continue;
    const size = Math.abs(skewMs);
    if (size < skewVisibleMs) return ok(about, "within 2s of ours");
    return warn(
      about,
      `${printDuration(size)} ${skewMs > 0 ? "ahead of" : "behind"} ours`,
      "Synchronise the clocks: locks do not need it, but ages and logs mislead.",
    );
  }
  return skip(about, "no store there that tells the time");
}

async function askForSkew(clock: Clock, endpoint: string): Promise<number | undefined> {
  const aborter = new AbortController();
  try {
    const sentMs = clock.wallMs();
    const asked = fetch(new URL("/version", endpoint), { signal: aborter.signal });
    const answer = await within(clock, askTimeoutMs, asked, "no answer");
    const receivedMs = clock.wallMs();
    const toldMs = Date.parse(answer.headers.get("date") ?? "");
    if (Number.isNaN(toldMs)) return undefined;
    // The date is cut to the second: on average it is half a second more.
    return toldMs + 500 - (sentMs + receivedMs) / 2;
  } catch {
    return undefined;
  } finally {
    aborter.abort();
  }
}
