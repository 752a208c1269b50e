import { type Failure, failure } from "@holdfast/base/failure";
import type { AcquireOutcome, HeldOutcome } from "@holdfast/core/command/outcome";
import type { Fate, RegisterValue } from "@holdfast/core/quorum/register-value";
import type { GlobalAcquireOrder } from "./acquire-order.ts";
import { readDelegated } from "./delegated-view.ts";
import { type GlobalContext, noQuorum } from "./global-context.ts";
import { betweenTwo, contended, over, refusedInWait, unanswered } from "./global-refusals.ts";
import { globalTenant, lockIdOf, namedHolders } from "./global-view.ts";
import type { ProposerAnswer } from "./register-proposer.ts";

/** A try makes sense again after this share of the ttl of who has the lock. */
const ttlShare = 3;

/** What a request is told that did not get its lock. */
export class AcquireRefusal {
  readonly #context: GlobalContext;
  readonly #order: GlobalAcquireOrder;

  constructor(context: GlobalContext, order: GlobalAcquireOrder) {
    this.#context = context;
    this.#order = order;
  }

  /** The register says who has it. */
  held(value: RegisterValue): HeldOutcome {
    const ttlMs = Math.min(...value.holders.map((holder) => holder.ttlMs));
    return {
      kind: "held",
      holders: namedHolders(value, this.#nowMs),
      queueLength: this.#queueLength(value),
      retryAfterMs: Number.isFinite(ttlMs) ? Math.ceil(ttlMs / ttlShare) : 1_000,
    };
  }

  /**
   * Somebody has it by delegation to this region; a failure where that is nobody for the moment.
   */
  async heldHere(): Promise<HeldOutcome | Failure> {
    const { register, request, here } = this.#order;
    const view = await readDelegated(this.#context, register.lock);
    if (view.kind === "failure") return view;
    const [holder] = view.holders;
    if (holder === undefined) return betweenTwo;
    return {
      kind: "held",
      holders: [globalTenant(holder, this.#nowMs)],
      queueLength: Math.max(here?.lineLength ?? 0, view.waiters.length),
      retryAfterMs: Math.ceil((holder.ttlMs || request.ttlMs) / ttlShare),
    };
  }

  /**
   * Where a delegation to this region stands for whoever has the lock: says who that is. One that
   * nobody has is not called held.
   */
  async named(refusal: AcquireOutcome, { holders: [delegate] }: RegisterValue) {
    return refusal.kind === "held" && delegate?.delegation ? this.heldHere() : refusal;
  }

  timedOut(): AcquireOutcome {
    const value = this.#order.register.newest;
    return {
      kind: "timeout",
      holders: value === undefined ? [] : namedHolders(value, this.#nowMs),
      queueLength: this.#queueLength(value),
    };
  }

  /** The same for one that stood in line in this region. */
  async timedOutHere(): Promise<AcquireOutcome> {
    const held = await this.heldHere();
    if (held.kind === "failure") return this.timedOut();
    return { kind: "timeout", holders: held.holders, queueLength: held.queueLength };
  }

  /** A repeat of a request that is over is told how it ended, not what its first copy was told. */
  endedAs(fate: Fate, value: RegisterValue): AcquireOutcome {
    const { command, register } = this.#order;
    // A request of several copies also by the platform, where one of them had the lock meanwhile.
    if (fate === "cancelled") return command.resent ? over : { kind: "cancelled" };
    // One that waits is not told that somebody has the lock: it goes on under another request id.
    if (fate === "refused") {
      const isHeld = value.holders.length > 0 && value.holders[0]?.delegation !== true;
      return command.waitMs > 0 || !isHeld ? refusedInWait : this.held(value);
    }
    const how = { released: "released", lost: "lost", forced: "taken away by force" }[fate];
    return failure(
      "LOST",
      `The grant of this request on ${lockIdOf(register.lock).name} was ${how}. Ask again with a ` +
        "new request id.",
    );
  }

  undecided(answer: Exclude<ProposerAnswer, { kind: "decided" }>): Failure {
    if (answer.kind === "unknown") return unanswered;
    if (answer.kind === "contended") return contended;
    const heard = answer.heard.map((index) => this.#context.regions[index]?.region ?? "");
    return noQuorum(heard, this.#order.register.silences);
  }

  get #nowMs(): number {
    return this.#context.surroundings.clock.wallMs();
  }

  #queueLength(value: RegisterValue | undefined): number {
    const { queue, here } = this.#order;
    return (value?.waiters.length ?? 0) + queue.lineLength + (here?.lineLength ?? 0);
  }
}
