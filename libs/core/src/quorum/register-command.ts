import type { GrantId } from "@holdfast/base/ids";
import type { Fate, GlobalHolder, GlobalRequest } from "./register-value.ts";

/** What a coordinator asks of a register. */
export type RegisterCommand =
  | AcquireGlobal
  | { readonly kind: "release"; readonly grantId: GrantId; readonly token: bigint }
  /** Ends a request whatever became of it, and refuses copies that are still under way. */
  | { readonly kind: "cancel"; readonly grantId: GrantId }
  /**
   * The same for one that has waited long enough, but it keeps what it was granted: a repeat of the
   * request may have been told so in another region.
   */
  | { readonly kind: "withdraw"; readonly grantId: GrantId }
  /**
   * The next counter for a delegation that has the lock, before its numbers are used up. `token`:
   * the one it has; a copy finds a higher one and takes nothing more.
   */
  | { readonly kind: "renew-delegation"; readonly grantId: GrantId; readonly token: bigint }
  /**
   * Takes the lock from everybody who has it, or from the one grant. Only the token protects from
   * their belief.
   */
  | { readonly kind: "force"; readonly grantId?: GrantId }
  /** Nothing for itself: looks whether a holder is gone or a waiter can go on [H7]. */
  | { readonly kind: "tend" };

/** Takes the lock, or stands in line for it. */
export interface AcquireGlobal {
  readonly kind: "acquire";
  readonly request: GlobalRequest;
  readonly wait: boolean;
  /**
   * An accept was sent for it, or it was sent more than once: a refusal must then be chosen, or the
   * grant may still come [H5].
   */
  readonly mayBeGranted: boolean;
  /**
   * The version at which the register was first seen for this request, or, of one that had to wait
   * before it was asked for, was last known not to have ended it; absent in the first attempt of a
   * request that was sent once.
   */
  readonly since?: number;
  /**
   * It has the lock, and its liveness is to be put into every region, not only into the two that it
   * takes: one that was away has come back.
   */
  readonly strengthen?: boolean;
}

/** What a command came to, once the value it was decided on is chosen. */
export type RegisterOutcome =
  | { readonly kind: "granted"; readonly holder: GlobalHolder }
  /** `ahead`: how many stand before it. */
  | { readonly kind: "waiting"; readonly ahead: number }
  | { readonly kind: "held"; readonly holders: readonly GlobalHolder[]; readonly waiting: number }
  /** The request is over, and this is how it ended. */
  | { readonly kind: "ended"; readonly fate: Fate }
  /** The register has forgotten what became of the request [H6]. */
  | { readonly kind: "forgotten" }
  /**
   * No room for another waiter of that region. `isRefused`: an earlier copy might have been
   * granted, so it is refused for good; another one may ask again.
   */
  | { readonly kind: "full"; readonly isRefused: boolean }
  | { readonly kind: "released" }
  | { readonly kind: "not-held" }
  | { readonly kind: "cancelled"; readonly found: boolean }
  | { readonly kind: "forced"; readonly holders: readonly GlobalHolder[] }
  | { readonly kind: "tended" };
