import { OtlpTracer } from "@holdfast/adapter-telemetry/otlp-tracer";
import { Holdfast } from "@holdfast/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { etcdMissing } from "../etcd-server.ts";
import { LocalPlatform } from "./local-platform.ts";
import { type ToldSpan, TraceCollector } from "./trace-collector.ts";

describe.skipIf(etcdMissing !== undefined)("one acquire", () => {
  let collector: TraceCollector;
  let platform: LocalPlatform;
  beforeAll(async () => {
    collector = await TraceCollector.start();
    platform = await LocalPlatform.start({
      HOLDFAST_TRACES_ENDPOINT: collector.endpoint,
      // Of their own accord they begin none: what is told was begun by the client.
      HOLDFAST_TRACES_SAMPLE: "0",
    });
  });
  afterAll(async () => {
    await platform?.[Symbol.asyncDispose]();
    await collector?.[Symbol.asyncDispose]();
  });

  /** Takes a lock under a trace of its own; its spans as soon as all of `wanted` are there. */
  async function trace(scope: "local" | "global", wanted: string[]): Promise<ToldSpan[]> {
    const { endpoint } = collector;
    const tracer = new OtlpTracer({ endpoint, sample: 1, service: "sdk", version: "0" });
    const endpoints = platform.endpoints.regions.map((each) => each.endpoint).slice(0, 1);
    await using client = await Holdfast.connect({ endpoints, tracer });
    const lock = await client.acquire(`traced.${scope}`, { scope, ttl: "10s" });
    await lock.release();
    await tracer.close();
    const root = () => collector.spans.find(({ service }) => service === "holdfast-sdk");
    const mine = () => collector.spans.filter(({ traceId }) => traceId === root()?.traceId);
    const names = () => mine().map(({ name }) => name);
    const patience = { timeout: 20_000, interval: 200 };
    await expect.poll(names, patience).toEqual(expect.arrayContaining(wanted));
    const spans = mine();
    collector.clear();
    return spans;
  }

  /** `name < parent < … < first`, of the first span with this name. */
  function lineage(spans: readonly ToldSpan[], name: string): string {
    const line: string[] = [];
    let span = spans.find((each) => each.name === name);
    while (span !== undefined) {
      line.push(span.name);
      const { parentId } = span;
      span = spans.find(({ spanId }) => spanId === parentId);
    }
    return line.join(" < ");
  }

  it("of a local lock is one trace from the call to etcd, and on to the record", async () => {
    const spans = await trace("local", ["router acquire", "auditor store"]);
    expect(lineage(spans, "etcd txn")).toBe(
      "etcd txn < commit < router acquire < holdfast acquire",
    );
    // Behind the log, from what the grant's record in etcd says.
    expect(lineage(spans, "journal append")).toBe(
      "journal append < router acquire < holdfast acquire",
    );
    expect(lineage(spans, "auditor store")).toBe(
      "auditor store < router acquire < holdfast acquire",
    );
    const services = new Set(spans.map(({ service }) => service));
    expect(services).toEqual(new Set(["holdfast-sdk", "holdfast-router", "holdfast-recorder"]));
  });

  it("of a global lock goes on in the coordinator, to each round of its quorum", async () => {
    const spans = await trace("global", ["router acquire", "coordinator acquire"]);
    expect(lineage(spans, "quorum accept")).toBe(
      "quorum accept < coordinator acquire < router acquire < holdfast acquire",
    );
    expect(spans.map(({ name }) => name)).toContain("quorum prepare");
  });
});
