import { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";

/** A write that takes longer than this makes us ask whether there is a new leader. */
const patienceMs = 700;

interface Pending {
  readonly cancellation: Cancellation;
  readonly sentMs: number;
  /** The newest Raft term known when it was sent; 0 if none was. */
  readonly term: bigint;
}

/**
 * Gives up writes that a change of leader has most likely swallowed.
 *
 * A follower forwards a write to the leader it believes in. If that one has just died the write is
 * lost, and etcd says so only after five seconds or more, while the new leader has long been at
 * work. The outcome stays unknown, as it would be then; it is only known sooner to be so.
 */
export class StalledCalls {
  readonly #clock: Clock;
  readonly #ask: () => Promise<void>;
  readonly #pending = new Set<Pending>();
  #term = 0n;
  #looking = false;

  /** `ask` makes the members tell their Raft terms to {@link saw}. */
  constructor(clock: Clock, ask: () => Promise<void>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Learns of a Raft term. */
  saw(term: bigint): void {
    if (term > this.#term) this.#term = term;
  }

  /** Runs a write and cancels it once it is slow and a new term has begun since it was sent. */
  async run<Value>(write: (cancellation: Cancellation) => Promise<Value>): Promise<Value> {
    const cancellation = new Cancellation();
    const pending = { cancellation, sentMs: this.#clock.monotonicMs(), term: this.#term };
    this.#pending.add(pending);
    if (!this.#looking) this.#lookLater();
    try {
      return await write(cancellation);
    } finally {
      this.#pending.delete(pending);
    }
  }

  #lookLater(): void {
    this.#looking = true;
    this.#clock.schedule(patienceMs, () => {
      void this.#look().finally(() => {
        this.#looking = false;
        if (this.#pending.size > 0) this.#lookLater();
      });
    });
  }

  async #look(): Promise<void> {
    const [oldest] = this.#pending;
    if (oldest === undefined) return;
    const sentBeforeMs = this.#clock.monotonicMs() - patienceMs;
    if (oldest.sentMs > sentBeforeMs) return;
    await this.#ask();
    for (const { cancellation, sentMs, term } of this.#pending) {
      if (sentMs <= sentBeforeMs && term > 0n && term < this.#term) cancellation.cancel();
    }
  }
}
