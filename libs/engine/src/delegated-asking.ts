import type { GrantId } from "@holdfast/base/ids";
import type { Marker } from "@holdfast/core/lease/marker";
import type { GlobalRequest } from "@holdfast/core/quorum/register-value";

/** Who asks for a lock that is, or shall be, delegated to the region. */
export interface LocalAsking {
  readonly request: GlobalRequest;
  /** The session's lease in the lock's shard of this region. */
  readonly marker: Marker;
  /** Take a place if the lock is not free. */
  readonly wait: boolean;
  /** The caller waits no longer, or its deadline has passed. */
  readonly isOver: () => boolean;
  /** Its place in this region's line, 1 for the head, when it gets one and when that changes. */
  readonly onPlace?: (place: number) => void;
  /** The trace context of what it is a part of. */
  readonly traceparent?: string | undefined;
  /** Called once; never, where a repeat of the request took over. */
  readonly answer: (answer: LocalAnswer) => void;
}

/** How an acquire went. Without an answer the request waits in line. */
export type LocalAnswer =
  | {
      readonly kind: "granted";
      readonly token: bigint;
      /**
       * How long the delegation vouches for it, counted from before the client asked. The client
       * believes no longer than its own lease in the shard, and no longer than this.
       */
      readonly validForMs: number;
    }
  /** Somebody has it, or stands before it, and the caller does not wait. */
  | { readonly kind: "held" }
  /** Not delegated to this coordinator now, and nothing was tried: ask the register. */
  | { readonly kind: "elsewhere" }
  /** The delegation vouches for nothing now, and nothing was tried. */
  | { readonly kind: "no-quorum" }
  /** The request was given up before, or its session's lease has ended: it gets nothing here. */
  | { readonly kind: "given-up" | "lease-ended" }
  /** It may have the lock, or get it yet: ask again with the same grant id, or cancel it. */
  | { readonly kind: "unknown" };

/** Gives a grant back; every grant of this region's sessions, delegated or not [H9]. */
export interface ReleaseAsking {
  readonly grantId: GrantId;
  readonly token: bigint;
  /** The session's lease in the shard; absent where it has ended. */
  readonly marker?: Marker;
  readonly answer: (answer: ReleaseAnswer) => void;
}

/** `found` false: the shard did not have it under that token; ask the register too. */
export type ReleaseAnswer =
  | {
      readonly kind: "released";
      readonly found: boolean;
      readonly refused: boolean;
      readonly handedOver: boolean;
    }
  /** Not known: repeat it. */
  | { readonly kind: "unknown" };

/** Gives a request up; every request of this region's sessions, delegated or not [H9]. */
export interface CancelAsking {
  readonly grantId: GrantId;
  readonly marker?: Marker;
  /**
   * Its wait is over, and what it was granted it keeps: a copy of it that went to another
   * coordinator may have been told of the grant.
   */
  readonly isWithdrawal?: boolean;
  readonly answer: (answer: CancelAnswer) => void;
}

/** `found` false: the shard knew nothing of it; it may still stand in the register. */
export type CancelAnswer =
  | { readonly kind: "cancelled"; readonly found: boolean; readonly refused: boolean }
  /** It was to be withdrawn, and has the lock. */
  | { readonly kind: "granted"; readonly token: bigint }
  | { readonly kind: "unknown" };
