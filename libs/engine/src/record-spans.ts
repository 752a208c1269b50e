import type { Span, Tracer } from "@holdfast/base/tracer";
import { recordTrace } from "./event-record.ts";
import type { EventRecord } from "./ports/event-log.ts";

const none: readonly Span[] = [];

/** Begins a step for each record of a trace that is kept; nothing where nothing is traced. */
export function recordSpans(
  tracer: Tracer | undefined,
  name: string,
  records: readonly Pick<EventRecord, "headers">[],
): readonly Span[] {
  if (tracer === undefined) return none;
  return records.flatMap((record) => {
    const traceparent = recordTrace(record);
    const isKept = traceparent !== undefined && tracer.keeps(traceparent);
    return isKept ? [tracer.span(name, traceparent)] : none;
  });
}
