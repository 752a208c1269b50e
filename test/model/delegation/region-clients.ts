import type { GrantId } from "@holdfast/base/ids";

/** A client of the region, with one request. */
export interface LocalClient {
  readonly asksLeft: number;
  /** Leases of its session in the region's shard are counted from 1; 0: it has had none. */
  readonly lease: number;
  readonly hasLeaseEnded: boolean;
  /** What it was told that it has. */
  readonly token: bigint | undefined;
  /** It would let a resource be touched. */
  readonly isBelieving: boolean;
  /** The delegation whose D it counts with; undefined: it counts with none. */
  readonly under: GrantId | undefined;
  /** It gives the lock back, or does not want it any more. */
  readonly isDone: boolean;
  /** It was told for good that it does not have the lock. */
  readonly isOver: boolean;
  /** The lease under which the shard gave it the lock last; 0: never. */
  readonly grantedUnder: number;
}

/** One that has not asked yet. */
export function newClient(asksLeft: number): LocalClient {
  return {
    asksLeft,
    lease: 0,
    hasLeaseEnded: false,
    token: undefined,
    isBelieving: false,
    under: undefined,
    isDone: false,
    isOver: false,
    grantedUnder: 0,
  };
}

/** The client of another region, which asks the register. */
export interface Visitor {
  readonly visitsLeft: number;
  readonly phase: "away" | "waiting" | "believing" | "over";
  readonly token: bigint | undefined;
}

/** Clients of the region, by what their requests are called. */
export const localNames: readonly string[] = ["a", "b"];

/** The visitor's request. */
export function visitOf({ visitsLeft }: Visitor): GrantId {
  return `x${visitsLeft}` as GrantId;
}
