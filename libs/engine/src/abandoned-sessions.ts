import type { SessionId } from "@holdfast/base/ids";

/** Of a coordinator; each has ended a ttl after it was left. */
const rememberedMax = 1_000;

/**
 * Sessions of delegations that were left to end, because the shard was away or had lost what it
 * knew. Kept alive again, whoever may still be using them, they would keep the lock from everybody.
 */
export class AbandonedSessions {
  readonly #ids = new Set<SessionId>();

  /** It is kept alive never again. */
  note(id: SessionId): void {
    this.#ids.add(id);
    const [oldest] = this.#ids;
    if (this.#ids.size > rememberedMax && oldest !== undefined) this.#ids.delete(oldest);
  }

  /** It was left, and not too long ago. */
  has(id: SessionId): boolean {
    return this.#ids.has(id);
  }
}
