import type { GrantId } from "@holdfast/base/ids";
import type { Marker } from "../lease/marker.ts";
import type { GlobalRequest } from "../quorum/register-value.ts";
import type { DelegationState } from "./delegation-state.ts";

/**
 * What a coordinator asks of its region's shard about one lock. Each is one transaction; each that
 * changes who may hold the lock compares the delegation's state.
 */
export type LocalStep =
  | OpenStep
  | RenewStep
  | GrantStep
  | EnqueueStep
  | PromoteStep
  | ReleaseStep
  | CloseStep
  | CancelStep
  | { readonly kind: "look" };

/**
 * Opens a delegation that the register has granted to this coordinator, or closes it unopened. Only
 * above a smaller counter: a late copy opens nothing that was closed. Whoever held the lock locally
 * under an earlier delegation has lost it.
 */
export interface OpenStep {
  readonly kind: "open";
  readonly state: DelegationState;
}

/** Goes on under the counter that the register gave the same delegation; a holder stays. */
export interface RenewStep {
  readonly kind: "renew";
  readonly from: DelegationState;
  readonly counter: bigint;
}

/** Takes the lock, if nobody has it here. */
export interface GrantStep extends Asked {
  readonly kind: "grant";
  readonly from: DelegationState;
}

/** Takes a place, delegation or not, or takes over the one that the request has. */
export interface EnqueueStep extends Asked {
  readonly kind: "enqueue";
  /** Who hands over to it, should it be its turn. */
  readonly coordinator: string;
}

interface Asked {
  readonly request: GlobalRequest;
  /** The session's lease in the shard. */
  readonly marker: Marker;
}

/** Gives the lock, which nobody has, to one that waits. */
export interface PromoteStep {
  readonly kind: "promote";
  readonly from: DelegationState;
  readonly place: Place;
}

/** One that waits. */
export interface Place {
  readonly request: GlobalRequest;
  /** The lease that its key hangs on. */
  readonly marker: Marker;
  /** Create revision of its key: the order of the line. */
  readonly since: bigint;
  /** Revision of the last write: another coordinator may have taken it over. */
  readonly written: bigint;
}

/** Gives the lock back, whatever became of the delegation, and refuses late copies. */
export interface ReleaseStep {
  readonly kind: "release";
  readonly grantId: GrantId;
  readonly token: bigint;
  /** The session's lease in the shard; absent where it has ended: it can be granted nothing. */
  readonly marker?: Marker;
  /** Done along with it, if the delegation is as it is said to be. */
  readonly next?:
    | { readonly kind: "hand-over"; readonly from: DelegationState; readonly place: Place }
    | { readonly kind: "close"; readonly from: DelegationState };
}

/** Closes the delegation, unless somebody has the lock. */
export interface CloseStep {
  readonly kind: "close";
  readonly from: DelegationState;
}

/** Gives a place up and refuses copies of the request. */
export interface CancelStep {
  readonly kind: "cancel";
  readonly grantId: GrantId;
  readonly marker?: Marker;
}

/** Who has the lock in the shard. */
export interface LocalHolder {
  readonly grantId: GrantId;
  readonly token: bigint;
}

/** What stands in the shard. */
export interface Seen {
  readonly kind: "seen";
  /** Absent: the shard has never heard of a delegation, or lost its data. */
  readonly state?: DelegationState;
  readonly holder?: LocalHolder;
}

/** What a shard answers. */
export type LocalReply =
  /** The step was carried out, or an open that had been before. */
  | { readonly kind: "done" }
  /** The request has this place now. */
  | { readonly kind: "placed"; readonly since: bigint; readonly written: bigint }
  /** The request was given up, or its session's lease has ended: it gets nothing here. */
  | { readonly kind: "given-up" | "lease-ended" }
  | Released
  /** `holder`: the request has the lock and must be released to lose it. */
  | {
      readonly kind: "cancelled";
      readonly found: boolean;
      readonly refused: boolean;
      readonly holder?: LocalHolder;
    }
  /** Nothing was changed, and this is what stands there. The answer to a look too. */
  | Seen
  /** Not this shard's business any more, or not at this generation: nothing was changed. */
  | { readonly kind: "moved" };

/** What became of a release. */
export interface Released {
  readonly kind: "released";
  /** False: it did not have the lock under that token. */
  readonly found: boolean;
  /** Copies of the request are refused from now on; false: its session's lease had ended. */
  readonly refused: boolean;
  /** What was to be done along with it was. */
  readonly isNextDone: boolean;
}
