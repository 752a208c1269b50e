import { expect, test } from "vitest";
import { plainText } from "./plain-text.ts";
import { PrometheusMeter } from "./prometheus-meter.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";

function counted(): PrometheusMeter {
  const meter = new PrometheusMeter();
  meter.counter({ name: "holdfast_rows_total", help: "Rows." }).add(3);
  const seconds = { name: "holdfast_x_seconds", help: "X.", labels: ["of"], buckets: [1] } as const;
  meter.histogram(seconds).with({ of: "a" }).observe(0.5, traceId);
  return meter;
}

test("who asks for OpenMetrics is told a trace for the bucket it fell into", async () => {
  const { contentType, text } = await counted().told("application/openmetrics-text; version=1.0.0");
  expect(contentType).toMatch(/^application\/openmetrics-text/);
  expect(text).toContain("# TYPE holdfast_rows counter\nholdfast_rows_total 3\n");
  expect(text).toMatch(
    new RegExp(`_bucket{of="a",le="1"} 1 # {trace_id="${traceId}"} 0.5 \\d+\\.?\\d*\\n`),
  );
  expect(text).toMatch(/_bucket\{of="a",le="\+Inf"\} 1\n/);
  expect(text).toMatch(/# EOF\n$/);
});

test("everybody else is told the same without, and counters under their whole names", async () => {
  const { contentType, text } = await counted().told();
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(text).toContain("# HELP holdfast_rows_total Rows.\n# TYPE holdfast_rows_total counter\n");
  expect(text).toContain('holdfast_x_seconds_bucket{of="a",le="1"} 1\n');
  expect(text).not.toMatch(/trace_id|EOF/);
});

test("asked twice, and in both ways, it tells the same", async () => {
  const meter = counted();
  const once = await meter.text();
  await meter.told("application/openmetrics-text");
  expect(await meter.text()).toBe(once);
});

test("a label that looks like an example is left alone", () => {
  const line = 'x_total{of=" # {trace_id=\\"a\\"} 1 2"} 3';
  expect(plainText(line)).toBe(line);
});
