import { AsyncLocalStorage } from "node:async_hooks";
import { spanIdOf, traceIdOf } from "@holdfast/base/tracer";

/** Made for the first step that is told: where nothing is traced, nobody pays for it. */
let scope: AsyncLocalStorage<string> | undefined;

/**
 * Does the work of one step of a trace, whose context (W3C) is `traceparent`: what is logged
 * meanwhile names it, see {@link traceFields}.
 */
export function inTrace<T>(traceparent: string, work: () => T): T {
  scope ??= new AsyncLocalStorage();
  return scope.run(traceparent, work);
}

/** What a line says of the step that it is written in, in the words of ECS. */
export function traceFields(): Record<string, string> {
  const traceparent = scope?.getStore();
  // Made anew each time: the log adds the rest of the line to it.
  if (traceparent === undefined) return {};
  return { "trace.id": traceIdOf(traceparent), "span.id": spanIdOf(traceparent) };
}
