import type { LeaseAnswer } from "@holdfast/core/command/outcome";

/** A grant nobody believes in is found within this time, whatever went wrong. */
const listEveryMs = 60_000;

/**
 * When a heartbeat must also ask for the list of what hangs on the session: after any unknown
 * outcome, after a change of router, and at least once a minute. A write that was under way when
 * its client had long given up shows up there and nowhere else.
 */
export class Listing {
  #wanted = 0;
  #listed = 0;
  #listedMs: number;

  constructor(nowMs: number) {
    this.#listedMs = nowMs;
  }

  /** Something happened after which the store may hold what the client does not know of. */
  want(): void {
    this.#wanted++;
  }

  /** Whether a heartbeat sent at `nowMs` must list, when the next one comes `intervalMs` later. */
  due(nowMs: number, intervalMs: number): boolean {
    return this.#wanted > this.#listed || nowMs + intervalMs >= this.#listedMs + listEveryMs;
  }

  /** To be passed to {@link answered}: only what was wanted before a list was asked for is met. */
  get mark(): number {
    return this.#wanted;
  }

  /** A list asked for at `sentMs` was answered; in vain where a lease could not be read. */
  answered(mark: number, sentMs: number, leases: readonly LeaseAnswer[]): void {
    const complete = leases.every((answer) => answer.held !== undefined || hasEnded(answer));
    if (!complete) return;
    this.#listed = Math.max(this.#listed, mark);
    this.#listedMs = Math.max(this.#listedMs, sentMs);
  }
}

/** The lease, and all that hung on it, is gone. */
export function hasEnded(answer: LeaseAnswer): boolean {
  return !answer.unknown && answer.validForMs <= 0;
}
