import type { GrantId } from "@holdfast/base/ids";
import type { Tenant } from "@holdfast/core/command/outcome";
import type { Mode } from "@holdfast/core/lock/lock-id";
import type { LockLostError, LostWhy } from "./lock-lost-error.ts";

/**
 * - `held`: yours, and confirmed lately.
 * - `jeopardy`: yours still, but a heartbeat is overdue (less than half of the ttl is left), or the
 *   process stood still and no heartbeat has been answered since. Begin nothing new that needs it.
 * - `lost`: no longer yours, for good. `signal` has aborted.
 * - `released`: given up by you.
 */
export type LockStanding = "held" | "jeopardy" | "lost" | "released";

/**
 * What became of a release: `released` (the store says so), `not-held` (the lock had been lost by
 * then), or `unknown` (no answer in time: the client goes on trying in the background, and the
 * lease ends the grant at the latest).
 */
export type ReleaseResult = "released" | "not-held" | "unknown";

/** A change of {@link Lock.state}; `why` where the lock was lost. */
export interface LockStateChange {
  readonly state: LockStanding;
  readonly why?: LostWhy;
}

/** A lock held under this client's session. `await using` releases it at the end of the block. */
export interface Lock extends AsyncDisposable {
  /** `global` for a global lock. */
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly mode: Mode;
  /** The fencing token: send it with every write, and let the resource refuse lower ones. */
  readonly token: bigint;
  readonly grantId: GrantId;
  /** All of the above as one text, for `releaseHandle` in another process. */
  readonly handle: string;
  /** Checked against the clocks as it is read, so it is right even just after a stall. */
  readonly state: LockStanding;
  /**
   * How long it may be used still, in ms, unless a heartbeat is answered; 0 when lost or released.
   */
  readonly validForMs: number;
  /**
   * Aborts when the lock is lost, with a {@link LockLostError}: up to 500 ms (a twentieth of a ttl
   * below 10 s) before another holder could have it. A release does not abort it.
   */
  readonly signal: AbortSignal;
  /** Why it is lost, if it is. */
  readonly lost: LockLostError | undefined;
  /** Throws {@link lost} if it is lost, and INVALID_ARGUMENT if it was released. */
  assertHeld(): void;
  /** Hears of every change of state until the returned function is called. */
  onStateChange(listener: (change: LockStateChange) => void): () => void;
  /** Gives it up. Never throws, takes a bounded time, and does nothing the second time. */
  release(): Promise<ReleaseResult>;
}

/** What a try found. */
export type TryResult =
  | { readonly granted: true; readonly lock: Lock }
  | {
      readonly granted: false;
      /** Who has it; one of them, where several hold it together. */
      readonly holder: Tenant | undefined;
      /** At most 10 of them. */
      readonly holders: readonly Tenant[];
      readonly queueLength: number;
      /** When trying again makes sense. */
      readonly retryAfterMs: number;
    };

/** What the body of `withLock` gets. */
export interface LockScope {
  /** Aborts when the lock is lost: stop then. */
  readonly signal: AbortSignal;
  /** The fencing token: send it with every write. */
  readonly token: bigint;
  readonly lock: Lock;
}
