import type { Timer } from "@holdfast/base/clock";
import type { Grant } from "@holdfast/core/command/outcome";
import type { GlobalAcquireOrder } from "./acquire-order.ts";
import { answerMs, type GlobalContext } from "./global-context.ts";
import { askThere, findThere } from "./global-elsewhere.ts";
import { lockIdOf } from "./global-view.ts";
import type { Call } from "./ports/lock-tier.ts";

/** Between two looks of one that waits, in ms. */
const pauseMs = { min: 1_000, max: 5_000 };
/** For how long an answer serves all who ask, in ms. */
const sharedMs = 500;

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

  /**
   * Once, by what may have been asked for others a moment ago. `unknown`: whether there is one
   * cannot be found out.
   */
  look(): Promise<Grant | "unknown" | undefined> {
    return this.#find(sharedMs);
  }

  /** The same, asked from now on: what ends a request must not rest on what was before. */
  lookAnew(): Promise<Grant | "unknown" | undefined> {
    return this.#find(0);
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

  /** By what its region was asked `sinceMs` ago at the earliest. Nothing is changed by it. */
  async #find(sinceMs: number): Promise<Grant | "unknown" | undefined> {
    const { register, request, session, elsewhere } = this.#order;
    const value = register.newest;
    if (!this.#isServed) return undefined;
    if (value === undefined) return "unknown";
    const there = await findThere(this.#context, this.#order, value, this.#call);
    if (there === undefined || there === "unknown") return there;
    const holders = await elsewhere.holders(there, this.#call, sinceMs);
    // Where its shard does not answer, the delegation stands for whoever has the lock.
    const [delegate] = value.holders;
    if (holders === undefined || holders.some(({ grantId }) => grantId === delegate?.grantId)) {
      return "unknown";
    }
    const held = holders.find(({ grantId }) => grantId === request.grantId);
    if (held === undefined) return undefined;
    const { clock } = this.#context.surroundings;
    const lock = lockIdOf(register.lock);
    const { grantId, token, mode } = held;
    const renew = { kind: "renew", lock, grantId, token } as const;
    const untilMs = clock.monotonicMs() + answerMs;
    const renewed = await askThere(this.#context, there, renew, this.#call, untilMs);
    const lease = session.leaseIn(there.region);
    if (renewed.kind !== "renewed" || lease === undefined) return "unknown";
    const { region, shard, lease: leaseId } = lease;
    return {
      lock,
      grantId,
      mode,
      token,
      validForMs: Math.floor(Math.min(renewed.validForMs, lease.validForMs)),
      validFrom: "first-send",
      lease: { region, shard, leaseId },
      regions: [region],
    };
  }
}
