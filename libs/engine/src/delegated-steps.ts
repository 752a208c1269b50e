import type { Clock } from "@holdfast/base/clock";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import type { LocalReply, LocalStep } from "@holdfast/core/delegation/local-step";

/** The lock's keys in this region's shard. */
export interface LocalShard {
  /**
   * Carries a step out. The answer may come late or never, and then nobody knows whether it was
   * carried out, or will be after what is asked for next. `traceparent`: the trace context of the
   * request that it is carried out for.
   */
  ask(step: LocalStep, answer: (reply: LocalReply) => void, traceparent?: string): void;
}

/** Told the answer; undefined where nothing is known of what became of the step. */
export type OnReply = (reply: LocalReply | undefined) => void;

/** The steps of one lock at one coordinator, and how long their answers are waited for. */
export class DelegatedSteps {
  readonly #shard: LocalShard;
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #isBusy = false;
  #isClosed = false;
  /** The trace context of a request in line. */
  #traceOf: (grantId: GrantId) => string | undefined = () => undefined;

  constructor(shard: LocalShard, clock: Clock, patienceMs: number) {
    this.#shard = shard;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** A step of {@link inTurn} is under way. */
  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Nothing is asked and nobody is told anything any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Who knows the trace that a request is a part of. */
  tracedBy(traceOf: (grantId: GrantId) => string | undefined): void {
    this.#traceOf = traceOf;
  }

  /** One at a time: each compares what the one before it left. */
  inTurn(step: LocalStep, then: OnReply): void {
    invariant(!this.#isBusy, "steps that compare the state go one after the other");
    this.#isBusy = true;
    this.beside(step, (reply) => {
      this.#isBusy = false;
      then(reply);
    });
  }

  /** Beside all others, for a step that changes nothing about who has the lock. */
  beside(step: LocalStep, then: OnReply): void {
    if (this.#isClosed) return;
    let isAnswered = false;
    const once: OnReply = (reply) => {
      // Asked again at once, a shard that refuses everything would be asked without a pause.
      if (isAnswered || this.#isClosed || reply?.kind === "moved") return;
      isAnswered = true;
      timer.cancel();
      then(reply);
    };
    const timer = this.#clock.schedule(this.#patienceMs, () => once(undefined));
    const asker = askerOf(step);
    this.#shard.ask(step, once, asker && this.#traceOf(asker));
  }
}

/** Whose request gets further by the step; undefined where it is about the delegation alone. */
function askerOf(step: LocalStep): GrantId | undefined {
  switch (step.kind) {
    case "grant":
    case "enqueue":
      return step.request.grantId;
    case "promote":
      return step.place.request.grantId;
    case "release":
      return step.next?.kind === "hand-over" ? step.next.place.request.grantId : undefined;
    default:
      return undefined;
  }
}
