import type { Cancellation } from "@holdfast/base/cancellation";
import { sleep } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { Membership, RegionMembership } from "./membership.ts";
import type { GlobalMember, ReadmissionProgress, Readmitted } from "./ports/admin-tier.ts";
import type { GlobalAdmin } from "./ports/global-admin.ts";
import type { MembershipPeer } from "./ports/membership-peer.ts";
import type { Surroundings } from "./shard.ts";

/** How another region's votes are reached from here. */
export interface VotesHealth {
  readonly reachable: boolean;
  /** In ms; 0 before the first answer. */
  readonly rttMs: number;
  /** For people; empty when nothing is wrong. */
  readonly problem: string;
}

/** What an administrator's view of the global tier is made from. */
export interface GlobalMembersOptions {
  readonly membership: Pick<Membership, "region" | "refresh" | "status" | "readmit">;
  /** The two other regions. */
  readonly peers: readonly MembershipPeer[];
  /** The votes of another region; undefined for one that is not known. */
  readonly votesOf: (region: string) => VotesHealth | undefined;
  readonly surroundings: Surroundings;
}

/** How often it is asked how far a re-admission is, and how long each time, in ms. */
const pollMs = 500;
const askMs = 5_000;
/** Polls without an answer in a row after which nobody knows how far it is. */
const silentPollsMax = 10;

/** The regions of the global tier, as one coordinator sees them. */
export class GlobalMembers implements GlobalAdmin {
  readonly #options: GlobalMembersOptions;

  constructor(options: GlobalMembersOptions) {
    this.#options = options;
  }

  async members(): Promise<ReadonlyMap<string, GlobalMember>> {
    const { membership, votesOf } = this.#options;
    // The last look may be seconds old: too old for who has just admitted a region.
    await membership.refresh();
    const members = membership.status().regions.map((each) => {
      return [each.region, memberOf(each, votesOf(each.region))] as const;
    });
    return new Map(members);
  }

  async readmit(
    region: string,
    onProgress: (progress: ReadmissionProgress) => void,
    cancellation: Cancellation,
  ): Promise<Readmitted | Failure> {
    const { membership, peers, surroundings } = this.#options;
    const asked = [membership, ...peers].find((each) => each.region === region);
    if (asked === undefined) return this.#unknown(region);
    let silent = 0;
    do {
      const answer = await asked.readmit(askMs);
      if (isFailure(answer)) {
        if (answer.code === "INVALID_ARGUMENT" || ++silent >= silentPollsMax) return answer;
        continue;
      }
      silent = 0;
      const { state, generation, copied, problem, shards } = answer;
      if (state === "whole") return { kind: "readmitted", registersCopied: copied, generation };
      if (state === "failed") return failed(region, problem);
      const step = problem === "" ? `copying to ${shards.join(", ")}` : problem;
      onProgress({ registersCopied: copied, step });
    } while ((await sleep(surroundings.clock, pollMs, cancellation)) === "elapsed");
    return failed(region, "nobody waits for it any more; it goes on by itself");
  }

  #unknown(region: string): Failure {
    const { membership, peers } = this.#options;
    const known = [membership, ...peers].map((each) => each.region).join(", ");
    const message = `There is no region ${JSON.stringify(region)} here; the regions are ${known}.`;
    return failure("INVALID_ARGUMENT", message, { field: "region" });
  }
}

function memberOf(
  { isHeard, problem, rttMs, shards }: RegionMembership,
  votes: VotesHealth | undefined,
): GlobalMember {
  const silent = shards.find(({ state }) => state === "silent");
  const generations = shards.map(({ generation }) => generation);
  const why = silent === undefined ? "" : `shard ${silent.name} is silent: ${silent.why}`;
  return {
    reachable: isHeard && (votes?.reachable ?? true),
    rttMs: votes === undefined ? rttMs : votes.rttMs,
    problem: problem || why || (votes?.problem ?? ""),
    incarnation: shards.map(({ name, incarnation }) => `${name}:${short(incarnation)}`).join(" "),
    generation: generations.length === 0 ? 0 : Math.min(...generations),
    votes: shards.length > 0 && silent === undefined,
  };
}

/** Enough to see that it is another one. */
function short(incarnation: string): string {
  return incarnation === "" ? "?" : incarnation.slice(0, 8);
}

function failed(region: string, problem: string): Failure {
  return failure("SHARD_UNAVAILABLE", `Region ${region} is not admitted: ${problem}.`, {
    shard: region,
    retryAfterMs: 1_000,
  });
}
