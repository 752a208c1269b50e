import type { FailureCode } from "@holdfast/base/failure";
import type { Tracer } from "@holdfast/base/tracer";
import { printLock } from "@holdfast/core/lock/lock-id";
import type { AcquirePlan } from "./options.ts";
import type { AcquireEnd } from "./tenure.ts";

/** The platform is to blame, not who asked. */
const faults: ReadonlySet<FailureCode> = new Set([
  "UNKNOWN_OUTCOME",
  "SHARD_UNAVAILABLE",
  "NO_QUORUM",
]);

/**
 * Runs an acquire as a step of a trace, from the call to its end, repeats and waiting included. As
 * it is where nothing is traced.
 */
export function traced<T>(
  tracer: Tracer | undefined,
  plan: AcquirePlan,
  run: (plan: AcquirePlan) => Promise<AcquireEnd<T>>,
): Promise<AcquireEnd<T>> {
  const { order } = plan;
  if (tracer === undefined || !tracer.keeps(order.traceparent)) return run(plan);
  const span = tracer.span("holdfast acquire", order.traceparent, {
    "holdfast.lock": printLock(order.lock),
    "holdfast.scope": order.scope,
    "holdfast.mode": order.mode,
    "holdfast.wait_ms": order.waitMs,
  });
  const { traceparent } = span;
  const begin = () => run({ ...plan, order: { ...order, traceparent } });
  const running = tracer.within === undefined ? begin() : tracer.within(span, begin);
  return running.then((end) => {
    if (end.kind === "failure") span.end(end.code.toLowerCase(), faults.has(end.code));
    else span.end(end.kind === "admitted" ? "granted" : end.kind);
    return end;
  });
}
