import type { Clock } from "@holdfast/base/clock";
import type {
  Cache,
  CacheReadReply,
  CacheUnavailable,
  CacheWrite,
  CacheWriteReply,
} from "./ports/cache.ts";
import type { Counter, Meter } from "./ports/meter.ts";

/** Calls in a row that fail before the cache is left alone. */
const failuresMax = 3;
/** How long it is left alone, in ms. Then one call tries it. */
const restMs = 1_000;

const resting: CacheUnavailable = {
  kind: "unavailable",
  message: "the cache is left alone for a moment, for it did not answer",
};

/**
 * Keeps a cache that fails from costing every reader its time: after three failures in a row nobody
 * asks it for a second, and then one call at a time does, until one is answered.
 */
export class CacheBreaker implements Cache {
  readonly #cache: Cache;
  readonly #clock: Clock;
  readonly #rests: Counter;
  #failures = 0;
  /** On the monotonic clock; undefined: everybody may ask. */
  #restsUntilMs: number | undefined;
  #probing = false;

  constructor(cache: Cache, clock: Clock, meter: Meter) {
    this.#cache = cache;
    this.#clock = clock;
    this.#rests = meter.counter({
      name: "holdfast_cache_rests_total",
      help: "Times the cache was left alone for a second because it did not answer.",
    });
  }

  read(keys: readonly string[]): Promise<CacheReadReply> {
    return this.#through(() => this.#cache.read(keys));
  }

  write(entries: readonly CacheWrite[]): Promise<CacheWriteReply> {
    return this.#through(() => this.#cache.write(entries));
  }

  /** Asks at once if it may: what was written first is then there for who reads next. */
  async #through<Reply extends { readonly kind: string }>(
    ask: () => Promise<Reply | CacheUnavailable>,
  ): Promise<Reply | CacheUnavailable> {
    if (!this.#mayAsk()) return resting;
    const reply = await ask();
    if (reply.kind === "unavailable") this.#failed();
    else this.#answered();
    return reply;
  }

  #mayAsk(): boolean {
    if (this.#restsUntilMs === undefined) return true;
    if (this.#probing || this.#clock.monotonicMs() < this.#restsUntilMs) return false;
    this.#probing = true;
    return true;
  }

  #answered(): void {
    this.#failures = 0;
    this.#restsUntilMs = undefined;
    this.#probing = false;
  }

  #failed(): void {
    this.#failures++;
    if (this.#failures < failuresMax) return;
    if (this.#restsUntilMs === undefined || this.#probing) this.#rests.add(1);
    this.#restsUntilMs = this.#clock.monotonicMs() + restMs;
    this.#probing = false;
  }
}
