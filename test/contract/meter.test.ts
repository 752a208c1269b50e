import { PrometheusMeter } from "@holdfast/adapter-telemetry/prometheus-meter";
import { MemoryMeter } from "@holdfast/engine/memory/memory-meter";
import type { Counter, Meter } from "@holdfast/engine/ports/meter";
import { beforeEach, describe, expect, it } from "vitest";

/** A meter, and how its counts are read: one more label, `le`, reads a bucket. */
interface MeterUnderTest {
  readonly meter: Meter;
  read(name: string, labels?: Record<string, string>): Promise<number | undefined>;
}

const meters: readonly { readonly name: string; readonly make: () => MeterUnderTest }[] = [
  { name: "the memory meter", make: makeMemory },
  { name: "Prometheus", make: makePrometheus },
];

function makeMemory(): MeterUnderTest {
  const meter = new MemoryMeter();
  return {
    meter,
    read: async (name, { le, ...labels } = {}) => {
      const [, base = name, part] = /^(.+)_(bucket|sum|count)$/.exec(name) ?? [];
      if (part === undefined) return meter.read(name, labels);
      const observed = meter.observed(base, labels);
      return part === "bucket" ? observed?.upTo.get(Number(le)) : observed?.[part as "sum"];
    },
  };
}

function makePrometheus(): MeterUnderTest {
  const meter = new PrometheusMeter();
  return {
    meter,
    read: async (name, labels = {}) => {
      const wanted = new Set(Object.entries(labels).map(([key, value]) => `${key}="${value}"`));
      for (const line of (await meter.text()).split("\n")) {
        const [, found, list = "", value] = /^([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
        const has = list === "" ? [] : list.split(",");
        const isIt = found === name && has.length === wanted.size;
        if (isIt && has.every((each) => wanted.has(each))) return Number(value);
      }
      return undefined;
    },
  };
}

describe.each(meters)("$name as a meter", ({ make }) => {
  let meter: Meter;
  let read: MeterUnderTest["read"];
  beforeEach(() => {
    ({ meter, read } = make());
  });

  const rows = { name: "holdfast_rows_total", help: "Rows." };
  const refused = {
    name: "holdfast_refused_total",
    help: "Refusals.",
    labels: ["reason"],
  } as const;
  const age = { name: "holdfast_age_seconds", help: "Age.", buckets: [0.5, 1, 5] };

  it("adds up what is counted, from nothing on", async () => {
    const counter = meter.counter(rows);
    expect(await read("holdfast_rows_total")).toBe(0);
    counter.add(2);
    counter.add(0);
    counter.add(3);
    expect(await read("holdfast_rows_total")).toBe(5);
  });

  it("keeps what is counted under different labels apart", async () => {
    const counter = meter.counter(refused);
    counter.add(1, { reason: "full" });
    counter.add(2, { reason: "denied" });
    counter.add(4, { reason: "full" });
    expect(await read(refused.name, { reason: "full" })).toBe(5);
    expect(await read(refused.name, { reason: "denied" })).toBe(2);
    expect(await read(refused.name, { reason: "late" })).toBeUndefined();
  });

  it("tells of a gauge what it was set to last", async () => {
    const gauge = meter.gauge({ name: "holdfast_waiting", help: "Waiting.", labels: ["shard"] });
    gauge.set(7, { shard: "s0" });
    gauge.set(-2, { shard: "s1" });
    gauge.set(3, { shard: "s0" });
    expect(await read("holdfast_waiting", { shard: "s0" })).toBe(3);
    expect(await read("holdfast_waiting", { shard: "s1" })).toBe(-2);
  });

  it("tells of a histogram how many values there were up to each bound, and their sum", async () => {
    const histogram = meter.histogram(age);
    expect(await read("holdfast_age_seconds_count")).toBe(0);
    for (const value of [0.1, 0.5, 0.75, 30]) histogram.observe(value);
    expect(await read("holdfast_age_seconds_bucket", { le: "0.5" })).toBe(2);
    expect(await read("holdfast_age_seconds_bucket", { le: "1" })).toBe(3);
    expect(await read("holdfast_age_seconds_bucket", { le: "5" })).toBe(3);
    expect(await read("holdfast_age_seconds_count")).toBe(4);
    expect(await read("holdfast_age_seconds_sum")).toBeCloseTo(31.35);
  });

  it("counts with chosen labels as with labels that are named each time", async () => {
    const counter = meter.counter(refused);
    const full = counter.with({ reason: "full" });
    // From the beginning on: nobody has to wait for the first one to see that there is none.
    full.add(0);
    expect(await read(refused.name, { reason: "full" })).toBe(0);
    full.add(2);
    counter.add(1, { reason: "full" });
    expect(await read(refused.name, { reason: "full" })).toBe(3);
    const timed = { ...age, name: "holdfast_timed_seconds", labels: ["of"] } as const;
    const histogram = meter.histogram(timed);
    histogram.with({ of: "this" }).observe(0.7);
    histogram.observe(2, { of: "this" });
    expect(await read("holdfast_timed_seconds_count", { of: "this" })).toBe(2);
    expect(await read("holdfast_timed_seconds_bucket", { of: "this", le: "1" })).toBe(1);
  });

  it("tells of a gauge that is followed what it stands at when somebody looks", async () => {
    let waiting = 1;
    const gauge = meter.gauge({ name: "holdfast_waiting", help: "Waiting.", labels: ["shard"] });
    gauge.follow(() => waiting, { shard: "s0" });
    expect(await read("holdfast_waiting", { shard: "s0" })).toBe(1);
    waiting = 5;
    expect(await read("holdfast_waiting", { shard: "s0" })).toBe(5);
    gauge.follow(() => 7, { shard: "s0" });
    expect(await read("holdfast_waiting", { shard: "s0" })).toBe(7);
  });

  it("takes labels that are chosen wrongly for a bug", () => {
    const counter: Counter<string> = meter.counter(refused);
    expect(() => counter.with({})).toThrow(/is counted by reason/);
    expect(() => counter.with({ reason: "full", lock: "a" })).toThrow(/is counted by reason/);
  });

  it("gives the same instrument to who asks for it again", async () => {
    meter.counter(rows).add(1);
    meter.counter({ ...rows, help: "In other words." }).add(1);
    expect(await read("holdfast_rows_total")).toBe(2);
    meter.histogram(age).observe(1);
    meter.histogram(age).observe(1);
    expect(await read("holdfast_age_seconds_count")).toBe(2);
  });

  it("takes the same name with another kind, other labels or other buckets for a bug", () => {
    meter.counter(refused);
    expect(() => meter.counter({ name: refused.name, help: "Other." })).toThrow(
      /is a counter of reason/,
    );
    meter.gauge({ name: "holdfast_age_seconds", help: "Other." });
    expect(() => meter.histogram(age)).toThrow(/is a gauge/);
    meter.histogram({ ...age, name: "holdfast_delay_seconds" });
    const other = { ...age, name: "holdfast_delay_seconds", buckets: [1, 2] };
    expect(() => meter.histogram(other)).toThrow(/0.5, 1, 5/);
  });

  it.each(["rows_total", "holdfast_rows", "holdfast_Rows_total", "holdfast__rows_total"])(
    "takes %s for no counter's name",
    (name) => {
      expect(() => meter.counter({ name, help: "Rows." })).toThrow(
        /is the name of an instrument|is no counter/,
      );
    },
  );

  it("takes it for a bug to count down, with other labels than it has, or unexplained", () => {
    const counter = meter.counter(refused);
    expect(() => counter.add(-1, { reason: "full" })).toThrow(/only rises/);
    expect(() => counter.add(Number.NaN, { reason: "full" })).toThrow(/only rises/);
    expect(() => counter.add(1)).toThrow(/counted by reason/);
    const stranger = { reason: "full", lock: "l" } as { reason: string };
    expect(() => counter.add(1, stranger)).toThrow(/counted by reason/);
    expect(() => meter.histogram({ ...age, buckets: [1, 1] })).toThrow(/rise/);
    expect(() => meter.counter({ ...rows, help: "" })).toThrow(/is explained/);
  });
});
