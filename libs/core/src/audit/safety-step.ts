import type { Mode } from "../lock/lock-id.ts";

/** Where a step stands in the history of one etcd cluster. With the cluster it is its identity. */
export interface Position {
  readonly cluster: string;
  readonly revision: bigint;
  /** Among the steps of its revision, from 0. Of one lock, ends come before grants. */
  readonly index: number;
}

interface Seen {
  /** The region whose shard it is. */
  readonly region: string;
  readonly position: Position;
  /** When it happened, as its region says; a label, never compared. */
  readonly atMs: number;
}

/** Of a register of a global lock: the copy that one region accepted. */
export interface RegisterCopy {
  /** The register's version: that of the first copy with this holder that the region has. */
  readonly version: number;
  /**
   * The ballot it was accepted under, as text. Two copies count together only if they agree in it:
   * without it, two attempts that neither were chosen can look like a choice.
   */
  readonly ballot?: string;
  /** The region the lock is delegated to, where the grant is a delegation. */
  readonly delegatedTo?: string;
}

/**
 * Somebody got a lock: `granted` in the region's history, or `found` standing when the region's
 * shard was read anew after a gap.
 */
export interface GrantSeen extends Seen {
  readonly kind: "granted" | "found";
  readonly lock: string;
  readonly grantId: string;
  readonly token: bigint;
  readonly mode: Mode;
  /** Of a grant by the register; a local lock's, and one under a delegation, has none. */
  readonly copy?: RegisterCopy;
}

/**
 * A grant is no more. `expired` is also one that two regions called dead. A delegation that is
 * renewed has no end, only a grant under its next token.
 */
export interface EndSeen extends Seen {
  readonly kind: "ended";
  readonly lock: string;
  readonly grantId: string;
  readonly token: bigint;
  readonly cause: "released" | "cancelled" | "expired" | "forced";
  /** Of a grant by the register: the first copy without it. */
  readonly copy?: RegisterCopy;
}

/**
 * Part of a shard's history is gone: of one lock, or of all that the shard has. What holds a lock
 * is not known from here on; {@link GrantSeen} of the kind `found` says it anew, for every grant
 * that the shard had at the gap's revision, before anything later of the same lock. A gap in the
 * middle of that begins it again. It must reach everybody who checks locks of the shard.
 */
export interface GapSeen extends Seen {
  readonly kind: "gap";
  /** Left out: every lock of the cluster. */
  readonly lock?: string;
}

/** What the checker is told. Of one lock, steps of one cluster come in the cluster's order. */
export type SafetyStep = GrantSeen | EndSeen | GapSeen;

/**
 * What must never happen to a lock.
 *
 * - `two-exclusive`: two hold it at once, and each was to have it alone.
 * - `shared-with-exclusive`: some share it, and one has it alone.
 * - `token-not-risen`: a later holder has no larger token.
 * - `unmatched-end`: what ended was not held.
 * - `granted-twice`: one grant id has the lock a second time.
 * - `outside-delegation`: a region gave it out by itself where the lock was not delegated to it.
 */
export type SafetyRule =
  | "two-exclusive"
  | "shared-with-exclusive"
  | "token-not-risen"
  | "unmatched-end"
  | "granted-twice"
  | "outside-delegation";

/** A broken rule, and whom it concerns; what is known of when and where comes from the step. */
export interface Finding {
  readonly rule: SafetyRule;
  /** Grant ids; the one of the step last. */
  readonly grants: readonly string[];
  /** A sentence for people. */
  readonly message: string;
}

/** Proof that a lock was not kept safe. */
export interface SafetyViolation extends Finding {
  readonly lock: string;
  /** The step at which it shows. */
  readonly position: Position;
  readonly atMs: number;
}

/** A grant as it is told of in a message. */
export function printGrant({
  grantId,
  token,
  mode,
}: Pick<GrantSeen, "grantId" | "token" | "mode">): string {
  return `${grantId} (${mode}, token ${token})`;
}
