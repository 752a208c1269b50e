import { spanIdOf, traceIdOf } from "@holdfast/base/tracer";
import { traceFields } from "@holdfast/runtime/trace-scope";
import { afterEach, expect, test, vi } from "vitest";
import { OtlpTracer } from "./otlp-tracer.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const open: OtlpTracer[] = [];

function make(sample: number, onTrouble = (_: string | undefined): void => {}): OtlpTracer {
  // Nobody listens there.
  const endpoint = "http://127.0.0.1:1";
  const tracer = new OtlpTracer({ endpoint, sample, service: "test", version: "0", onTrouble });
  open.push(tracer);
  return tracer;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((tracer) => tracer.close()));
});

test("of traces that begin here so many are kept, of others what their beginner chose", () => {
  const [all, none] = [make(1), make(0)];
  expect([all.keeps(undefined), none.keeps(undefined)]).toEqual([true, false]);
  expect([all.keeps(traceparent), none.keeps(traceparent)]).toEqual([true, true]);
  expect(all.keeps(traceparent.replace(/01$/, "00"))).toBe(false);
});

test("a step goes on with its parent's trace, and is another span", () => {
  const span = make(0).span("step", traceparent, { "holdfast.wait_ms": 1 });
  expect(traceIdOf(span.traceparent)).toBe(traceIdOf(traceparent));
  expect(span.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  expect(span.traceparent).not.toBe(traceparent);
  span.end("granted");
});

test("what is done within a step is known to be a part of it, and nothing after it", async () => {
  const tracer = make(1);
  const span = tracer.span("step", traceparent);
  const fields = { "trace.id": traceIdOf(traceparent), "span.id": spanIdOf(span.traceparent) };
  expect(await tracer.within(span, async () => traceFields())).toEqual(fields);
  expect(traceFields()).toEqual({});
});

test("a collector that is not there holds up nobody, and is told of once", async () => {
  const onTrouble = vi.fn();
  const tracer = make(1, onTrouble);
  for (let spans = 0; spans < 10; spans++) tracer.span("step", undefined).end("ok");
  await tracer.close();
  expect(onTrouble).toHaveBeenCalledTimes(1);
  expect(onTrouble).toHaveBeenCalledWith(expect.stringMatching(/\S/));
});
