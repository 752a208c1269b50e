import type { Lock } from "@holdfast/client/lock";
import type { Tally } from "./tally.ts";

/**
 * Watches over one lock that many hold one after the other: nobody may believe in it while somebody
 * else does, and each has a larger token than whoever was there before.
 */
export class OneHolder {
  readonly #tally: Tally;
  readonly #inside = new Set<Pick<Lock, "name" | "state" | "token">>();
  #lastToken = 0n;

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** Somebody was given the lock. */
  enter(lock: Pick<Lock, "name" | "state" | "token">): void {
    for (const other of this.#inside) {
      if (other.state === "held" || other.state === "jeopardy") {
        const tokens = `${other.token} and ${lock.token}`;
        this.#tally.violate(`two hold ${lock.name} at once, with the tokens ${tokens}`);
      }
    }
    if (lock.token <= this.#lastToken) {
      this.#tally.violate(`${lock.name}: token ${lock.token} came after ${this.#lastToken}`);
    }
    this.#lastToken = lock.token;
    this.#inside.add(lock);
    this.#tally.handOver();
  }

  /** They are about to give it up. */
  leave(lock: Pick<Lock, "name" | "state" | "token">): void {
    this.#inside.delete(lock);
  }
}
