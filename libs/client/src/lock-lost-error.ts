import { type LockId, printLock } from "@holdfast/core/lock/lock-id";
import { HoldfastError } from "./holdfast-error.ts";

/**
 * Why a lock counts as lost.
 *
 * - `expired`: no heartbeat was answered in time.
 * - `session-expired`: the store has ended the lease it hung on.
 * - `suspended`: the machine slept, or its clock was set; how long the lease has left is unknown.
 * - `stalled`: the process stood still past the deadline.
 * - `force-released`: an operator took it away.
 * - `closed`: the client was closed while it was held.
 */
export type LostWhy =
  | "expired"
  | "session-expired"
  | "suspended"
  | "stalled"
  | "force-released"
  | "closed";

const stories: Readonly<Record<LostWhy, string>> = {
  expired: "no router confirmed it in time",
  "session-expired": "its session's lease has ended in the store",
  suspended: "the machine slept or its clock was set, so nobody knows what is left of the lease",
  stalled: "the process stood still past its deadline",
  "force-released": "it was force-released",
  closed: "the client was closed while it was held",
};

/** The reason of `lock.signal`, and what a use of a lost lock throws. */
export class LockLostError extends HoldfastError {
  override readonly name: string = "LockLostError";
  readonly lock: LockId;
  /** The fencing token of the lost grant. */
  readonly token: bigint;
  readonly why: LostWhy;

  constructor(lock: LockId, token: bigint, why: LostWhy) {
    super(
      "LOST",
      `The lock ${printLock(lock)} is lost: ${stories[why]}. Stop what it protects; ` +
        "another holder may have it at any moment.",
    );
    this.lock = lock;
    this.token = token;
    this.why = why;
  }
}
