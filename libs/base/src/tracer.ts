/**
 * Follows a request through the platform, step by step.
 *
 * Contract:
 * - What is not sampled costs nothing: no span, no text, no object.
 * - Tracing never fails and never waits: what cannot be told is lost.
 * - The trace context of the W3C (`traceparent`) goes with the request from process to process.
 */
export interface Tracer {
  /**
   * Whether a step is to be told, to be asked before anything is made for it. `parent`: the trace
   * context of what it is a part of; without one it may be the beginning of a trace, as often as is
   * sampled.
   */
  keeps(parent: string | undefined): boolean;
  /** Begins a step that is to be told. */
  span(name: string, parent: string | undefined, attributes?: SpanAttributes): Span;
  /**
   * Does what a step consists of, so that what is logged meanwhile names it. Where it is left out,
   * nobody is to know what is done for which step.
   */
  within?<T>(span: Span, work: () => T): T;
}

/** What is told of a step, by name: the name of a lock may be here, a secret never. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** One step, under way. */
export interface Span {
  /** The trace context of what is done for this step. */
  readonly traceparent: string;
  /** It is over, and came to this; `isFault`: the platform is to blame, not who asked. */
  end(outcome: string, isFault?: boolean): void;
}

const traceparentPattern = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Whether `text` is a trace context of the W3C. */
export function isTraceparent(text: string): boolean {
  return traceparentPattern.test(text);
}

/** Whether what belongs to this trace context is kept, as whoever began the trace chose. */
export function isSampled(traceparent: string | undefined): traceparent is string {
  if (traceparent === undefined) return false;
  // The last digit of the flags: their lowest bit.
  return (Number.parseInt(traceparent.slice(-1), 16) & 1) === 1;
}

/** The id of the step that a trace context is of. */
export function spanIdOf(traceparent: string): string {
  return traceparent.slice(36, 52);
}

/** The id of the trace that a trace context belongs to. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}
