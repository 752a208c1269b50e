import { type Failure, failure } from "@holdfast/base/failure";
import type { Tracer } from "@holdfast/base/tracer";
import type { DelegationPolicy } from "@holdfast/core/delegation/recall";
import type { BallotSource } from "@holdfast/core/quorum/ballot";
import type { LocalContext } from "./local-context.ts";
import type { LockTier } from "./ports/lock-tier.ts";
import type { VotingRegion } from "./ports/voting-region.ts";
import type { RoundListener } from "./quorum-round.ts";
import type { Surroundings } from "./shard.ts";

/** What the parts of the global tier in one region share. */
export interface GlobalContext {
  /** This region. */
  readonly region: string;
  /** The three regions, this one among them, in the same order at every coordinator. */
  readonly regions: readonly VotingRegion[];
  /** This region's own shards, placement and sessions. */
  readonly local: LocalContext;
  /** Why this region has no say now: its shards are not the ones that are to vote here. */
  readonly refusal: () => Failure | undefined;
  /** Names this coordinator in its present life, among all of the installation. */
  readonly coordinator: string;
  /** The coordinators of the two other regions, by region: they know what is delegated there. */
  readonly coordinators: ReadonlyMap<string, Pick<LockTier, "execute">>;
  /** When locks are delegated to this region; absent: never. */
  readonly delegation?: DelegationPolicy;
  readonly ballots: BallotSource;
  readonly surroundings: Surroundings;
  /** The generation votes are asked for at, or why there is none yet. */
  readonly generation: () => number | Failure;
  /** A region answered at another generation. */
  readonly onGeneration: (generation: number) => void;
  /** To the nearest other region and back, in ms. */
  readonly roundTripMs: () => number;
  /** The same for the farthest region that can be reached. */
  readonly farthestMs: () => number;
  /** Told of each round that goes to all regions. */
  readonly onRound?: RoundListener;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer;
}

/** How long a region's answer is waited for, in ms: a link that is cut answers nothing. */
export const answerMs = 2_000;

/** The generation to ask at; below every one there is where there is none yet. */
export function generationOf({ generation }: GlobalContext): number {
  const current = generation();
  return typeof current === "number" ? current : 0;
}

/** Too few regions answered. `silences`: why each of the others did not, by region. */
export function noQuorum(heard: readonly string[], silences: ReadonlyMap<string, string>): Failure {
  const seen = heard.length === 0 ? "No region answered" : `Only ${heard.join(", ")} answered`;
  const reasons = [...silences].map(([region, why]) => `${region}: ${why}`);
  return failure(
    "NO_QUORUM",
    `${seen}, and a global lock needs two of three regions. Nothing was changed; local locks go ` +
      `on. ${reasons.join(" ")}`.trimEnd(),
    { regions: heard, retryAfterMs: 1_000 },
  );
}

/** No two regions agree, because somebody is changing the lock just now. */
export const changingHands = failure("CONTENDED", "The lock is changing hands. Try again.", {
  retryAfterMs: 200,
});
