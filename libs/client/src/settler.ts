import { Cancellation } from "@holdfast/base/cancellation";
import { sleep } from "@holdfast/base/clock";
import { type Failure, isFailure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import type { CancelCommand, ReleaseCommand } from "@holdfast/core/command/command";
import { isGlobal } from "@holdfast/core/lock/lock-id";
import { answerMsMax } from "./answer-time.ts";
import { backoffMs } from "./backoff.ts";
import type { ClientPorts } from "./client-ports.ts";
import type { ReleaseResult } from "./lock.ts";
import type { RouterLink } from "./router-link.ts";

/** What ends a grant or a request, whatever became of it. */
type Ending = CancelCommand | ReleaseCommand;

/** More than this at once are left to the listing, which finds what nobody knows of. */
const settlingMax = 10_000;

/**
 * Sends cancels and releases until their answers are definite. An acquire whose answer was lost may
 * have been granted, or may be granted still: giving up after the first try would leave a lock that
 * nobody believes in and everybody waits for.
 */
export class Settler {
  readonly #ports: ClientPorts;
  readonly #link: RouterLink;
  readonly #onUnknown: () => void;
  readonly #busy = new Set<GrantId>();
  readonly #stopping = new Cancellation();
  #idle: (() => void) | undefined;

  /** `onUnknown` hears of each answer that was not definite. */
  constructor(ports: ClientPorts, link: RouterLink, onUnknown: () => void) {
    this.#ports = ports;
    this.#link = link;
    this.#onUnknown = onUnknown;
  }

  /** This grant is being ended already. */
  isSettling(grantId: GrantId): boolean {
    return this.#busy.has(grantId);
  }

  /**
   * Sends `ending` until its answer is definite or `untilMs` has come. `first`: it was sent already
   * and this was the answer.
   */
  async settle(ending: Ending, untilMs: number, first?: Failure): Promise<ReleaseResult> {
    if (this.#busy.size >= settlingMax || this.#busy.has(ending.grantId)) return "unknown";
    this.#busy.add(ending.grantId);
    try {
      return await this.#repeat(ending, untilMs, first);
    } finally {
      this.#busy.delete(ending.grantId);
      if (this.#busy.size === 0) this.#idle?.();
    }
  }

  /** Resolves when nothing is being settled, or when it is stopped. */
  idle(): Promise<void> {
    if (this.#busy.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
      this.#stopping.onCancel(resolve);
    });
  }

  /** Gives up on whatever is left. */
  stop(): void {
    this.#stopping.cancel();
  }

  async #repeat(
    unsent: Ending,
    untilMs: number,
    first: Failure | undefined,
  ): Promise<ReleaseResult> {
    const { clock, random } = this.#ports;
    let ending = unsent;
    let answer = first;
    let resent = false;
    for (let repeat = 0; ; repeat++) {
      if (answer !== undefined || this.#link.connected || (await this.#link.ready(untilMs))) {
        const outcome = answer ?? (await this.#link.request(ending, answerMsMax));
        answer = undefined;
        if (!isFailure(outcome)) return "released";
        const verdict = verdictOf(outcome, resent, isGlobal(ending.lock));
        if (verdict !== "again") return verdict;
        if (outcome.code === "UNKNOWN_OUTCOME") {
          this.#onUnknown();
          // It may have gone through: from now on it must leave a tombstone, and may find nothing.
          if (ending.kind === "release") ending = { ...ending, repeated: true };
          resent = true;
        }
      }
      const pauseMs = backoffMs(random, repeat);
      if (this.#stopping.cancelled || clock.monotonicMs() + pauseMs >= untilMs) return "unknown";
      await sleep(clock, pauseMs, this.#stopping);
    }
  }
}

/**
 * What a failed ending says. NOT_HELD after an unanswered one means that the unanswered one went
 * through. SESSION_EXPIRED is definite: the lease has taken the grant with it; but not of a global
 * lock, which two other regions may hold up.
 */
function verdictOf(failure: Failure, resent: boolean, global: boolean): ReleaseResult | "again" {
  if (failure.code === "SESSION_EXPIRED") return global ? "again" : "not-held";
  switch (failure.code) {
    case "NOT_HELD":
      return resent ? "released" : "not-held";
    case "LOST":
    case "FENCED_OUT":
      return "not-held";
    // No repeat can change these; the lease ends the grant.
    case "INVALID_ARGUMENT":
    case "UNAUTHENTICATED":
    case "PERMISSION_DENIED":
    case "UNIMPLEMENTED":
      return "unknown";
    default:
      return "again";
  }
}
