import type { Failure } from "@holdfast/base/failure";
import type { RegionClaims } from "@holdfast/core/quorum/claim";
import type { Members } from "@holdfast/core/quorum/members";
import type { OtherGeneration } from "@holdfast/core/quorum/message";
import type { RegisterCopy } from "@holdfast/core/quorum/register-copy";

/**
 * One region as the others see it when they settle who belongs: the engine's `Membership`
 * implements it for its own region, and the client side of a coordinator for the others.
 *
 * Contract: every promise resolves within `withinMs` or a little more, and never rejects but for a
 * bug. A failure says nothing at all. Everything may be asked any number of times.
 */
export interface MembershipPeer {
  readonly region: string;
  /** What each of the region's shards says of itself just now. A shard without an answer is named
   * with its problem. */
  describe(withinMs: number): Promise<RegionClaims | Failure>;
  /**
   * Raises every shard of the region that votes, and that the record lists, to the record's
   * generation. Answers what the shards say afterwards: whoever needs it done looks there.
   */
  raise(record: Members, withinMs: number): Promise<RegionClaims | Failure>;
  /** A page of what the region keeps, read at exactly that generation [H4]. */
  readRegisters(
    query: RegistersQuery,
    withinMs: number,
  ): Promise<RegistersPage | OtherGeneration | Failure>;
  /**
   * Begins to fill the region's shards that lost their data, or joins where that is under way, and
   * answers how far it is. Asked again it tells of progress; `withinMs` bounds the answer only.
   */
  readmit(withinMs: number): Promise<Readmission | Failure>;
}

/** Which registers, and from where on. */
export interface RegistersQuery {
  readonly generation: number;
  /** 0 to 4,095, both included. */
  readonly firstSlot: number;
  readonly lastSlot: number;
  /** `next` of the page before; empty for the first one; opaque. */
  readonly after: string;
}

/** Some registers, in no particular order. */
export interface RegistersPage {
  readonly kind: "registers";
  readonly copies: readonly RegisterCopy[];
  /** Empty: there are no more. */
  readonly next: string;
}

/** How far a re-admission is. */
export interface Readmission {
  readonly kind: "readmission";
  readonly region: string;
  /**
   * `whole`: no shard of the region needs it. `copying`: it goes on by itself. `failed`: it has
   * stopped, and `problem` says why; asking again begins it again.
   */
  readonly state: "whole" | "copying" | "failed";
  /** The generation that it makes, or made; 0 before it is known. */
  readonly generation: number;
  /** Names of the shards that are, or were, filled. */
  readonly shards: readonly string[];
  /** Copies written so far: up to two for each register, one of each of the other regions. */
  readonly copied: number;
  /** For people; empty while nothing is wrong. */
  readonly problem: string;
}
