import { counterOf, isLocalToken } from "@holdfast/core/delegation/delegation-state";
import type { FaultEvent, HistoryEvent } from "../../history/history-event.ts";
import type { Tenure } from "../../history/tenure.ts";
import { longestGap, type Window } from "../../wan/longest-gap.ts";
import type { WanPlatform } from "../../wan/wan-platform.ts";
import { type Part, probes } from "./cast.ts";
import { delegatedGrants } from "./delegated-grants.ts";
import type { Aftermath, Findings } from "./global-drill.ts";
import { claiming, lodging, using } from "./habits.ts";

/** Of the sessions under which coordinators hold delegations. */
const delegationTtlMs = 10_000;
/**
 * Drift, the lateness of a lease's end in etcd, what is left of half a ttl until those who wait
 * look again, some round trips, and a machine that is busy.
 */
const marginMs = 5_500;
/** What was sent before may be answered, and what follows needs a round trip or two. */
const slackMs = 1_000;
/** For so long a coordinator may be away, and its delegation is there yet. */
const awayMsMax = 2_000;
/** So much longer the holder must have had the lock to have kept it. */
const keptForMs = 3_000;

/** Of a lock that one client takes again and again; a delegation that ends costs more. */
const gapMsMax = 4_000;

/** The lock that somebody keeps, and the one that goes from hand to hand. */
const kept = "kept";
const used = "used";

/**
 * In the first region some use two locks until these are delegated to it, and one of them is kept
 * from then on; later all others want both.
 */
export function household({ sites: [home, ...others] }: WanPlatform): Part[] {
  const { region } = home!;
  const users = { region, clients: 1, workers: 3 };
  return [
    { role: "user", ...users, habits: { ...using, locks: [used] } },
    { role: "opener", ...users, habits: { ...using, locks: [kept] } },
    { role: "lodger", region, clients: 1, workers: 1, habits: { ...lodging, locks: [kept] } },
    ...others.map((site): Part => {
      const habits = { ...claiming, locks: [kept, used] };
      return { role: "claimant", region: site.region, clients: 1, workers: 4, habits };
    }),
  ];
}

/** The same, and elsewhere some find out whether anything is granted meanwhile. */
export function watchedHousehold(platform: WanPlatform): Part[] {
  const elsewhere = probes(platform).slice(1);
  return [...household(platform), ...elsewhere.map((part) => ({ ...part, workers: 1 }))];
}

/**
 * Of a drill that takes something away that delegations hang on: the locks that were delegated to
 * `region` when that happened are granted again within `ttls` of the delegation's ttl.
 */
export function takenOver({ events, tenures }: Aftermath, region: string, ttls: number): Findings {
  const fault = faultsOf(events)[0];
  if (fault === undefined) return { problems: ["nothing was taken away"], figures: {} };
  const boundMs = ttls * delegationTtlMs + marginMs;
  const problems: string[] = [];
  const waits: number[] = [];
  for (const [lock, own] of Map.groupBy(tenures, (tenure) => tenure.lock)) {
    const granted = own.filter(({ result }) => result === "granted");
    const last = latest(granted.filter(({ returnMs }) => returnMs < fault.atMs));
    if (last === undefined || !isLocalToken(last.token) || !isOf(region, last)) continue;
    const counter = counterOf(last.token);
    const after = granted.filter(({ token }) => counterOf(token) > counter);
    const waitMs = Math.min(...after.map(({ returnMs }) => returnMs)) - fault.atMs;
    if (Number.isFinite(waitMs)) waits.push(waitMs);
    if (waitMs > boundMs) {
      const when = Number.isFinite(waitMs) ? `only after ${Math.round(waitMs)} ms` : "never again";
      problems.push(`${lock}, delegated to ${region}, was granted ${when}`);
    }
  }
  if (waits.length + problems.length < 2) {
    problems.push(`of two locks ${waits.length} were delegated to ${region}`);
  }
  const figures = { delegated_locks: waits.length, taken_over_ms_max: Math.max(0, ...waits) };
  return { problems, figures };
}

/** Clients of the region whose shard is away are granted locks by the two others. */
export function grantedMeanwhile({ events, tenures }: Aftermath, region: string): Findings {
  const fault = faultsOf(events)[0];
  if (fault === undefined) return { problems: ["nothing was taken away"], figures: {} };
  const granted = tenures.filter(
    (tenure) =>
      tenure.result === "granted" &&
      isOf(region, tenure) &&
      tenure.returnMs > fault.atMs + slackMs &&
      tenure.returnMs < fault.untilMs,
  );
  const problem = `nobody in ${region} was granted anything while its shard was away`;
  const problems = granted.length === 0 ? [problem] : [];
  return { problems, figures: { own_grants_meanwhile: granted.length } };
}

/**
 * Of a drill in which the coordinator of a region dies and comes back at once: who held a lock by
 * delegation has it still.
 */
export function keptOver({ events, tenures, untilMs }: Aftermath): Findings {
  const problems: string[] = [];
  let keptCount = 0;
  let awayMs = 0;
  const faults = faultsOf(events);
  const met = new Set<FaultEvent>();
  for (const fault of faults) {
    awayMs = Math.max(awayMs, fault.untilMs - fault.atMs);
    for (const held of delegatedGrants(tenures)) {
      const isHeld = held.returnMs < fault.atMs && held.believedUntilMs > fault.atMs;
      if (!held.client.startsWith("lodger-") || !isHeld) continue;
      met.add(fault);
      const wasReleased = held.release !== undefined && held.believedUntilMs > fault.untilMs;
      const isKept =
        wasReleased || held.believedUntilMs >= Math.min(fault.untilMs + keptForMs, untilMs);
      if (isKept) keptCount++;
      // Away for longer, it may find that the delegation has ended.
      if (isKept || fault.untilMs - fault.atMs > awayMsMax) continue;
      problems.push(`${held.lock} was lost to ${held.op} when its coordinator began again`);
    }
  }
  if (keptCount === 0) problems.push("nobody kept a lock when the coordinator began again");
  if (met.size < faults.length) {
    problems.push(`of ${faults.length} deaths ${met.size} befell somebody who had a lock`);
  }
  return { problems, figures: { kept_over_deaths: keptCount, coordinator_away_ms_max: awayMs } };
}

/**
 * Of a drill that takes one shard of two away from a region, while many locks are each used by one
 * client there: those of the other shard stay delegated, and are given out without a pause.
 */
export function shardsApart({ events, tenures }: Aftermath): Findings {
  const problems: string[] = [];
  let standing = Number.POSITIVE_INFINITY;
  let goingOn = Number.POSITIVE_INFINITY;
  let longestMs = 0;
  for (const { atMs, untilMs } of faultsOf(events)) {
    const window = { fromMs: atMs + slackMs, untilMs };
    const gaps = gapsOfLoyal(tenures, window);
    const others = gaps.filter((gapMs) => gapMs < window.untilMs - window.fromMs);
    standing = Math.min(standing, gaps.length - others.length);
    goingOn = Math.min(goingOn, others.length);
    longestMs = Math.max(longestMs, ...others);
  }
  // For as long as its shard is away a lock is given out by nobody there.
  if (standing === 0 || goingOn === 0) {
    problems.push(`${standing} locks stood still with one shard away, ${goingOn} went on`);
  }
  if (longestMs > gapMsMax) {
    const forMs = Math.round(longestMs);
    problems.push(`a lock of the shard that was there was not given out for ${forMs} ms`);
  }
  const figures = { locks_standing: standing, locks_going_on: goingOn, longest_gap_ms: longestMs };
  return { problems, figures };
}

/** Of each lock that one client uses: the longest time without a grant by delegation. */
function gapsOfLoyal(tenures: readonly Tenure[], window: Window): number[] {
  const loyal = tenures.filter(({ client }) => client.startsWith("loyal-"));
  return [...Map.groupBy(loyal, ({ lock }) => lock).values()].map((own) => {
    const granted = delegatedGrants(own).map(({ returnMs }) => returnMs);
    return longestGap(granted, window);
  });
}

function faultsOf(events: readonly HistoryEvent[]): FaultEvent[] {
  const faults = events.filter((event): event is FaultEvent => event.kind === "fault");
  return faults.toSorted((a, b) => a.atMs - b.atMs);
}

function isOf(region: string, { client }: Tenure): boolean {
  return client.includes(`-${region}-`);
}

function latest(tenures: readonly Tenure[]): Tenure | undefined {
  return tenures.reduce<Tenure | undefined>((best, each) => {
    return best === undefined || each.token > best.token ? each : best;
  }, undefined);
}
