import { lockKey } from "@holdfast/core/lock/lock-id";
import { LockQueue } from "./lock-queue.ts";
import type { LockSite } from "./lock-site.ts";
import type { Surroundings } from "./shard.ts";

/** How long a queue without waiters of this router is still followed, in ms. */
const lingerMs = 1_000;

/** The queues this router follows: one for each lock on which it has, or just had, a waiter. */
export class LockQueues {
  readonly #queues = new Map<string, LockQueue>();
  readonly #surroundings: Surroundings;
  readonly #locate: (site: LockSite) => LockSite | undefined;
  readonly #onDoubt: () => void;

  constructor(
    surroundings: Surroundings,
    locate: (site: LockSite) => LockSite | undefined,
    onDoubt: () => void,
  ) {
    this.#surroundings = surroundings;
    this.#locate = locate;
    this.#onDoubt = onDoubt;
  }

  get size(): number {
    return this.#queues.size;
  }

  /** Waiters of this router for locks of the shard; looks at every queue. */
  waitersIn(shard: string): number {
    let waiters = 0;
    for (const queue of this.#queues.values()) {
      if (queue.shard === shard) waiters += queue.localCount;
    }
    return waiters;
  }

  /** The queue of a lock, if it is followed. */
  find(site: LockSite): LockQueue | undefined {
    return this.#queues.get(lockKey(site.lock));
  }

  /** The queue of a lock, followed from now on. */
  follow(site: LockSite): LockQueue {
    const key = lockKey(site.lock);
    const found = this.#queues.get(key);
    if (found !== undefined) return found;
    const queue = new LockQueue({
      site,
      surroundings: this.#surroundings,
      currentSite: () => this.#locate(site),
      onDoubt: this.#onDoubt,
    });
    this.#queues.set(key, queue);
    return queue;
  }

  /** A waiter left: give the queue up soon, unless another comes. */
  release(site: LockSite): void {
    const key = lockKey(site.lock);
    if (this.#queues.get(key)?.localCount !== 0) return;
    this.#surroundings.clock.schedule(lingerMs, () => {
      const queue = this.#queues.get(key);
      if (queue === undefined || queue.localCount > 0) return;
      this.#queues.delete(key);
      queue.end();
    });
  }

  stop(): void {
    for (const queue of this.#queues.values()) queue.end();
    this.#queues.clear();
  }
}
