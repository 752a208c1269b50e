import type { Timer } from "@holdfast/base/clock";
import type { Grant } from "@holdfast/core/command/outcome";
import type { GlobalAcquireOrder } from "./acquire-order.ts";
import type { GlobalContext } from "./global-context.ts";
import { findGrantThere } from "./global-elsewhere.ts";
import type { Call } from "./ports/lock-tier.ts";

/** Between two looks of one that waits, in ms. */
const pauseMs = { min: 1_000, max: 5_000 };

/**
 * What a request that was asked in another region before, and waits here now, has got there by
 * delegation meanwhile. Its place there is in that region's own line, of which the register tells
 * nothing; and while it has the lock there and nobody knows, nobody else gets it.
 */
export class GrantElsewhere {
  readonly #context: GlobalContext;
  readonly #order: GlobalAcquireOrder;
  readonly #call: Call;
  readonly #onFound: (grant: Grant) => void;
  #timer: Timer | undefined;
  #pauseMs = pauseMs.min;
  #isOver = false;

  /** `call`: that of a copy, which says whether another region may be asked at all. */
  constructor(
    context: GlobalContext,
    order: GlobalAcquireOrder,
    call: Call,
    onFound: (grant: Grant) => void,
  ) {
    this.#context = context;
    this.#order = order;
    this.#call = call;
    this.#onFound = onFound;
  }

  /** Looks from now on, less and less often, until it is stopped. Any number of times. */
  start(): void {
    if (this.#timer === undefined && this.#isServed) this.#arm();
  }

  stop(): void {
    this.#isOver = true;
    this.#timer?.cancel();
  }

  /** Once. `unknown`: whether there is one cannot be found out. */
  async look(): Promise<Grant | "unknown" | undefined> {
    return this.#isServed ? findGrantThere(this.#context, this.#order, this.#call) : undefined;
  }

  /** What no delegation serves has nothing elsewhere. */
  get #isServed(): boolean {
    return this.#order.here !== undefined;
  }

  #arm(): void {
    if (this.#isOver) return;
    const { clock, random } = this.#context.surroundings;
    // Those that lost one router together do not come back together.
    const delayMs = this.#pauseMs * (0.5 + random.next() / 2);
    this.#pauseMs = Math.min(2 * this.#pauseMs, pauseMs.max);
    this.#timer = clock.schedule(delayMs, () => void this.#lookAgain());
  }

  async #lookAgain(): Promise<void> {
    const grant = await this.look();
    if (typeof grant === "object" && !this.#isOver) this.#onFound(grant);
    this.#arm();
  }
}
