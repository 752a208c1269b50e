import type { Meter } from "../ports/meter.ts";
import type { RoundKind, RoundListener, RoundOutcome } from "../quorum-round.ts";
import { latencyBuckets } from "./buckets.ts";

const kinds: readonly RoundKind[] = ["prepare", "accept", "warm", "look"];
const outcomes: readonly RoundOutcome[] = ["won", "lost", "no_quorum", "given_up"];

/** Counts and times the rounds of a coordinator. */
export function countRounds(meter: Meter): RoundListener {
  const rounds = meter.counter({
    name: "holdfast_quorum_rounds_total",
    help: "Rounds in which all regions were asked, by what for and how it ended",
    labels: ["kind", "outcome"],
  });
  const seconds = meter.histogram({
    name: "holdfast_quorum_round_seconds",
    help: "How long rounds took until two regions agreed, or until they were left",
    labels: ["kind"],
    buckets: latencyBuckets,
  });
  const bound = new Map(
    kinds.map((kind) => {
      const counts = outcomes.map((outcome) => [outcome, rounds.with({ kind, outcome })] as const);
      return [kind, { counts: new Map(counts), seconds: seconds.with({ kind }) }] as const;
    }),
  );
  return (kind, outcome, tookMs) => {
    const of = bound.get(kind);
    of?.counts.get(outcome)?.add(1);
    of?.seconds.observe(tookMs / 1_000);
  };
}

/** Another region as a coordinator sees it. */
export interface OtherRegion {
  readonly region: string;
  readonly health: { readonly reachable: boolean };
}

/** What a coordinator tells of the regions and of its delegations. */
export function followQuorum(
  meter: Meter,
  own: { readonly region: string; mayVote(): boolean },
  others: readonly OtherRegion[],
  delegations: () => number,
): void {
  const reachable = meter.gauge({
    name: "holdfast_region_reachable",
    help: "1 while the coordinators of the other region answer",
    labels: ["region"],
  });
  for (const other of others) {
    reachable.follow(() => (other.health.reachable ? 1 : 0), { region: other.region });
  }
  const regions = meter.gauge({
    name: "holdfast_quorum_regions",
    help: "Regions whose votes this coordinator can get, its own included; 2 decide, 3 are normal",
  });
  regions.follow(
    () => (own.mayVote() ? 1 : 0) + others.filter(({ health }) => health.reachable).length,
  );
  meter
    .gauge({
      name: "holdfast_delegations",
      help: "Global locks that are delegated to this region through this coordinator",
    })
    .follow(delegations);
}

/** Times the way to each of the other regions and back; given in ms. */
export function timeRoundTrips(meter: Meter): (region: string, tookMs: number) => void {
  const seconds = meter.histogram({
    name: "holdfast_region_round_trip_seconds",
    help: "From a question to the coordinator of another region to its answer",
    labels: ["region"],
    buckets: latencyBuckets,
  });
  return (region, tookMs) => seconds.observe(tookMs / 1_000, { region });
}
