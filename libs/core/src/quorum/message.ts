import type { GrantId, LeaseId } from "@holdfast/base/ids";
import type { Ballot } from "./ballot.ts";
import type { GlobalHolder, RegisterValue } from "./register-value.ts";

/** Asks a region to promise that it accepts nothing below `ballot`, and for what it knows. */
export interface PrepareRequest {
  readonly ballot: Ballot;
  readonly generation: number;
}

/** A value and the ballot under which a region accepted it. */
export interface Accepted {
  readonly ballot: Ballot;
  readonly value: RegisterValue;
}

/** A promise. */
export interface Promised extends Showing {
  readonly kind: "promised";
}

/** What a region shows to whoever only reads. */
export interface Shown extends Showing {
  readonly kind: "shown";
}

/** What a region knows of a register. */
export interface Showing {
  /** Absent: this region has accepted nothing for this register. */
  readonly accepted?: Accepted;
  /** Liveness that stands there, as of the very same moment. */
  readonly live: readonly Attached[];
  /** The region lost its data not long ago: what it lacks proves nothing [H3]. */
  readonly halfTrusted: boolean;
}

/** Asks a region to accept `value` under `ballot`. */
export interface AcceptRequest {
  readonly ballot: Ballot;
  readonly value: RegisterValue;
  /** The proposer's next ballot, promised along with it. */
  readonly next: Ballot;
  /** Grants whose liveness is put under their session's lease there. */
  readonly attach: readonly GlobalHolder[];
  /** Liveness that stands there and that the value does not name [H10]. */
  readonly forget: readonly GrantId[];
  readonly generation: number;
}

/** The value was accepted, now or by an earlier copy of the very same request. */
export interface AcceptDone {
  readonly kind: "accepted";
  /** Where the liveness of a grant hangs now; a session without a lease there has none [H2]. */
  readonly attached: readonly Attached[];
}

/** The liveness of a grant in one region. */
export interface Attached {
  readonly grantId: GrantId;
  readonly lease: LeaseId;
}

/** The region has promised a higher ballot, or the same one. */
export interface Refused {
  readonly kind: "refused";
  readonly promised: Ballot;
}

/** The region is at another generation: answers of different ones never count together [H4]. */
export interface OtherGeneration {
  readonly kind: "other-generation";
  readonly generation: number;
}

/** What a region answers to a prepare. */
export type PrepareReply = Promised | Refused | OtherGeneration;
/** What a region answers to an accept. */
export type AcceptReply = AcceptDone | Refused | OtherGeneration;
