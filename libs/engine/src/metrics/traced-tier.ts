import type { Failure } from "@holdfast/base/failure";
import type { Span, Tracer } from "@holdfast/base/tracer";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import type { OutcomeOf } from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import type {
  AcquireManyOutcome,
  AcquireManyRequest,
  Call,
  ListPage,
  ListQuery,
  LockTier,
  WatchQuery,
} from "../ports/lock-tier.ts";
import { faultLabels, outcomeLabel } from "./outcome-label.ts";

/**
 * Follows acquires through the tier behind it: that is what takes time, waits, and goes through
 * several processes. What it begins is named in the command from there on, and with the grant in
 * the store, so that what comes of the grant later belongs to the same trace.
 */
export class TracedTier implements LockTier {
  readonly #tier: LockTier;
  readonly #tracer: Tracer;
  readonly #service: string;

  /** `service`: as spans are to be called by. */
  constructor(tier: LockTier, tracer: Tracer, service: string) {
    this.#tier = tier;
    this.#tracer = tracer;
    this.#service = service;
  }

  execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>> {
    const span = command.kind === "acquire" ? this.#spanOf(command) : undefined;
    if (span === undefined) return this.#tier.execute(command, call);
    return this.#trace({ ...command, traceparent: span.traceparent }, call, span);
  }

  list(query: ListQuery, call: Call): Promise<ListPage | Failure> {
    return this.#tier.list(query, call);
  }

  watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined> {
    return this.#tier.watch(query, listener, call);
  }

  async acquireMany(request: AcquireManyRequest, call: Call): Promise<AcquireManyOutcome> {
    const spans = request.acquires.map((acquire) => this.#spanOf(acquire));
    if (spans.every((span) => span === undefined)) return this.#tier.acquireMany(request, call);
    const acquires = request.acquires.map((acquire, at) => {
      const span = spans[at];
      return span === undefined ? acquire : { ...acquire, traceparent: span.traceparent };
    });
    // A line that is written meanwhile can name one of them.
    const [first] = spans.filter((span) => span !== undefined);
    const run = () => this.#tier.acquireMany({ ...request, acquires }, call);
    const outcome = await this.#within(first, run);
    for (const [at, span] of spans.entries()) {
      const each = outcome.kind === "many" ? outcome.outcomes[at] : outcome;
      if (each !== undefined) end(span, outcomeLabel(each, false));
    }
    return outcome;
  }

  async #trace<C extends Command>(command: C, call: Call, span: Span): Promise<OutcomeOf<C>> {
    const outcome = await this.#within(span, () => this.#tier.execute(command, call));
    end(span, outcomeLabel(outcome, false));
    return outcome;
  }

  #within<T>(span: Span | undefined, work: () => T): T {
    const tracer = this.#tracer;
    if (span === undefined || tracer.within === undefined) return work();
    return tracer.within(span, work);
  }

  #spanOf(command: AcquireCommand): Span | undefined {
    const { lock, mode, waitMs, traceparent } = command;
    if (!this.#tracer.keeps(traceparent)) return undefined;
    return this.#tracer.span(`${this.#service} acquire`, traceparent, {
      "holdfast.lock": `${lock.region}/${lock.namespace}/${lock.name}`,
      "holdfast.mode": mode,
      "holdfast.wait_ms": waitMs,
    });
  }
}

function end(span: Span | undefined, outcome: ReturnType<typeof outcomeLabel>): void {
  span?.end(outcome, faultLabels.has(outcome));
}
