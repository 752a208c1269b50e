import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { Mode } from "../lock/lock-id.ts";

/** What a global lock is: the value that two of three regions agree on. */
export interface RegisterValue {
  /** The last token given out; it never falls, and a register is never deleted. */
  readonly token: bigint;
  readonly holders: readonly GlobalHolder[];
  /** First in, first out. */
  readonly waiters: readonly GlobalWaiter[];
  /** How the latest requests ended, oldest first, so that a repeat is told the same [H6]. */
  readonly recent: readonly Ended[];
  /** One more with every change. */
  readonly version: number;
}

/** A request for a global lock as its register knows it. */
export interface GlobalRequest {
  readonly grantId: GrantId;
  readonly session: SessionId;
  /** Region whose coordinator the session talks to. */
  readonly region: string;
  readonly ttlMs: number;
  readonly mode: Mode;
  readonly owner: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** When it was asked for, by the coordinator's wall clock; for people only. */
  readonly atMs: number;
  /**
   * It asks for the region, not for a client: while it has the lock, its region's shard decides who
   * holds it, under tokens with the counter of its own. Its session is a coordinator's.
   */
  readonly delegation?: true;
}

/** One that waits in the register. */
export type GlobalWaiter = GlobalRequest;

/** One that has the lock. */
export interface GlobalHolder extends GlobalRequest {
  readonly token: bigint;
}

/** How a request ended, kept while `recent` is long enough. */
export interface Ended {
  readonly grantId: GrantId;
  readonly fate: Fate;
  /** The register's version when it ended. */
  readonly version: number;
}

/** `lost`: two regions said that its session lives no more. `refused`: it never had the lock. */
export type Fate = "released" | "cancelled" | "lost" | "forced" | "refused";

/** A register nobody has written. */
export const emptyRegister: RegisterValue = {
  token: 0n,
  holders: [],
  waiters: [],
  recent: [],
  version: 0,
};

/** How much a register may hold. */
export const registerLimits = {
  /** Places in the register for waiters of one region; the others stand in their region's shard. */
  waitersPerRegion: 21,
  sharedHolders: 16,
  recent: 16,
  /** A request may have been forgotten once the register is this many versions past it [H6]. */
  versionsCovered: 15,
} as const;

const sequenceBits = 20n;

/**
 * The token after `token`: the next counter, sequence 0. A delegation numbers from 1 in between.
 */
export function nextToken(token: bigint): bigint {
  return ((token >> sequenceBits) + 1n) << sequenceBits;
}
