import type { Clock } from "@holdfast/base/clock";
import { type Failure, isFailure } from "@holdfast/base/failure";
import { isSampled, traceIdOf } from "@holdfast/base/tracer";
import type { Command } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { globalRegion, type LockId } from "@holdfast/core/lock/lock-id";
import type {
  AcquireManyOutcome,
  AcquireManyRequest,
  Call,
  ListPage,
  ListQuery,
  LockTier,
  WatchQuery,
} from "../ports/lock-tier.ts";
import type { BoundHistogram, Histogram, Meter } from "../ports/meter.ts";
import { latencyBuckets } from "./buckets.ts";
import { FaultReport, type OnFault } from "./fault-report.ts";
import { failureLabel, faultLabels, type OutcomeLabel, outcomeLabel } from "./outcome-label.ts";

type Scope = "local" | "global";
type Operation = Command["kind"] | "list" | "acquire_many" | "watch";

/**
 * Times what the tier behind it is asked for, by operation, scope and outcome: rate, errors and
 * duration of a service are all in this one histogram.
 */
export class MeasuredTier implements LockTier {
  readonly #tier: LockTier;
  readonly #clock: Clock;
  readonly #seconds: Timings;
  readonly #faults: FaultReport | undefined;

  /** `onFault`: told of requests for whose failure the platform is to blame. */
  constructor(tier: LockTier, meter: Meter, clock: Clock, onFault?: OnFault) {
    this.#tier = tier;
    this.#clock = clock;
    this.#seconds = new Timings(meter);
    this.#faults = onFault && new FaultReport(clock, onFault);
  }

  // Ten thousand may wait in these: a function that awaits keeps some 200 bytes more for each.
  execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>> {
    const { onPosition } = call;
    if (onPosition !== undefined && command.kind === "acquire" && command.waitMs > 0) {
      return this.#executeWait(command, call, onPosition);
    }
    const startedMs = this.#clock.monotonicMs();
    return this.#tier.execute(command, call).then((outcome) => {
      this.#ended(command, call, outcome, startedMs, false);
      return outcome;
    });
  }

  #executeWait<C extends Command>(
    command: C,
    call: Call,
    onPosition: (position: number) => void,
  ): Promise<OutcomeOf<C>> {
    const startedMs = this.#clock.monotonicMs();
    let hasWaited = false;
    const heard = {
      ...call,
      onPosition: (position: number) => {
        hasWaited = true;
        onPosition(position);
      },
    };
    return this.#tier.execute(command, heard).then((outcome) => {
      this.#ended(command, call, outcome, startedMs, hasWaited);
      return outcome;
    });
  }

  async list(query: ListQuery, call: Call): Promise<ListPage | Failure> {
    const startedMs = this.#clock.monotonicMs();
    const page = await this.#tier.list(query, call);
    const label = page.kind === "failure" ? failureLabel(page.code) : "ok";
    this.#count("list", scopeIn(query.region), label, startedMs);
    if (faultLabels.has(label)) this.#tell("list", page);
    return page;
  }

  /** A watch lasts as long as somebody looks; its end alone says something. */
  async watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined> {
    const startedMs = this.#clock.monotonicMs();
    const failed = await this.#tier.watch(query, listener, call);
    const label = failed === undefined ? "ok" : failureLabel(failed.code);
    this.#count("watch", scopeIn(query.region), label, startedMs);
    return failed;
  }

  async acquireMany(request: AcquireManyRequest, call: Call): Promise<AcquireManyOutcome> {
    const startedMs = this.#clock.monotonicMs();
    const outcome = await this.#tier.acquireMany(request, call);
    const label = outcome.kind === "failure" ? failureLabel(outcome.code) : "ok";
    const scope = request.acquires.some((each) => each.scope === "global") ? "global" : "local";
    this.#count("acquire_many", scope, label, startedMs);
    if (faultLabels.has(label)) this.#tell("acquire_many", outcome);
    return outcome;
  }

  #ended(
    command: Command,
    call: Call,
    outcome: Outcome,
    startedMs: number,
    hasWaited: boolean,
  ): void {
    const traceparent = command.kind === "acquire" ? command.traceparent : undefined;
    const label = outcomeLabel(outcome, hasWaited);
    this.#count(command.kind, scopeOf(command), label, startedMs, traceparent);
    // Whoever asked is gone, by its own will as a rule: what it would have been told is no fault.
    const isHeard = !call.cancellation.cancelled;
    if (isHeard && faultLabels.has(label)) this.#tell(command.kind, outcome, lockOf(command));
  }

  #tell(operation: Operation, outcome: { readonly kind: string }, lock?: LockId): void {
    if (!isFailure(outcome)) return;
    const { code, message } = outcome;
    this.#faults?.tell({ operation: operation.replaceAll("-", "_"), code, message, lock });
  }

  #count(
    operation: Operation,
    scope: Scope,
    outcome: OutcomeLabel,
    startedMs: number,
    traceparent?: string,
  ): void {
    const tookMs = this.#clock.monotonicMs() - startedMs;
    const traceId = isSampled(traceparent) ? traceIdOf(traceparent) : undefined;
    this.#seconds.of(operation, scope, outcome).observe(tookMs / 1_000, traceId);
  }
}

/** The histogram by its labels, found without making any text. */
class Timings {
  readonly #histogram: Histogram<"operation" | "scope" | "outcome">;
  readonly #bound = {
    local: new Map<Operation, Map<OutcomeLabel, BoundHistogram>>(),
    global: new Map<Operation, Map<OutcomeLabel, BoundHistogram>>(),
  };

  constructor(meter: Meter) {
    this.#histogram = meter.histogram({
      name: "holdfast_operation_seconds",
      help:
        "Operations by what was asked, who decides and how it ended; a watch counts when it ends. " +
        "granted_after_wait was told its place in line first, and includes the time there",
      labels: ["operation", "scope", "outcome"],
      buckets: latencyBuckets,
    });
  }

  of(operation: Operation, scope: Scope, outcome: OutcomeLabel): BoundHistogram {
    return this.#bound[scope].get(operation)?.get(outcome) ?? this.#bind(operation, scope, outcome);
  }

  #bind(operation: Operation, scope: Scope, outcome: OutcomeLabel): BoundHistogram {
    const labels = { operation: operation.replaceAll("-", "_"), scope, outcome };
    const bound = this.#histogram.with(labels);
    const byOutcome = this.#bound[scope].get(operation) ?? new Map();
    this.#bound[scope].set(operation, byOutcome.set(outcome, bound));
    return bound;
  }
}

function lockOf(command: Command): LockId | undefined {
  return "lock" in command ? command.lock : undefined;
}

/** Sessions are a matter of regions, whatever they are used for. */
function scopeOf(command: Command): Scope {
  if ("lock" in command) return scopeIn(command.lock.region);
  return command.kind === "open-session" ? scopeIn(command.region) : "local";
}

function scopeIn(region: string): Scope {
  return region === globalRegion ? "global" : "local";
}
