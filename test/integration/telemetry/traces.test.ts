import { OtlpTracer } from "@holdfast/adapter-telemetry/otlp-tracer";
import { Holdfast } from "@holdfast/client";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { etcdMissing } from "../etcd-server.ts";
import { LocalPlatform } from "./local-platform.ts";
import { type ToldSpan, TraceCollector } from "./trace-collector.ts";

type Check = (spans: readonly ToldSpan[]) => void;

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

  /** Takes a lock under a trace of its own; its spans as soon as they pass the check. */
  async function trace(scope: "local" | "global", check: Check): Promise<ToldSpan[]> {
    const { endpoint } = collector;
    const tracer = new OtlpTracer({ endpoint, sample: 1, service: "sdk", version: "0" });
    await using client = await Holdfast.connect({ endpoints: door(), tracer });
    const lock = await client.acquire(`traced.${scope}`, { scope, ttl: "10s" });
    await lock.release();
    await tracer.close();
    return told(check);
  }

  /** The first region's. */
  function door(): string[] {
    return platform.endpoints.regions.map((each) => each.endpoint).slice(0, 1);
  }

  /** All spans of the only trace that began at a client, as soon as they are as they should be. */
  async function told(check: Check): Promise<ToldSpan[]> {
    const root = () => collector.spans.find(({ service }) => service === "holdfast-sdk");
    const mine = () => collector.spans.filter(({ traceId }) => traceId === root()?.traceId);
    await vi.waitFor(() => check(mine()), { timeout: 20_000, interval: 200 });
    const spans = mine();
    collector.clear();
    return spans;
  }

  /** `name < parent < … < first`, of the first span with this name. */
  function lineage(spans: readonly ToldSpan[], name: string): string {
    const first = spans.find((each) => each.name === name);
    return first === undefined ? "" : lineageOf(spans, first);
  }

  function lineageOf(spans: readonly ToldSpan[], of: ToldSpan): string {
    const line: string[] = [];
    let span: ToldSpan | undefined = of;
    while (span !== undefined) {
      line.push(span.name);
      const { parentId }: ToldSpan = span;
      span = spans.find(({ spanId }) => spanId === parentId);
    }
    return line.join(" < ");
  }

  it("of a local lock is one trace from the call to etcd, and on to the record", async () => {
    const spans = await trace("local", (spans) => {
      const names = spans.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(["router acquire", "auditor store"]));
    });
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

  /** The regions in whose etcd something was done for a step of this name, sorted. */
  function regionsOf(spans: readonly ToldSpan[], step: string): string[] {
    const line = `etcd txn < commit < ${step} < coordinator acquire < router acquire < `;
    const own = spans.filter((span) => lineageOf(spans, span).startsWith(line));
    return [...new Set(own.map(({ region }) => region))].sort();
  }

  const allRegions = () => platform.endpoints.regions.map(({ region }) => region).sort();

  it("of a global lock goes on in the coordinator, to each region's etcd", async () => {
    const spans = await trace("global", (spans) => {
      expect(regionsOf(spans, "quorum prepare")).toEqual(allRegions());
      expect(regionsOf(spans, "quorum accept")).toEqual(allRegions());
    });
    expect(lineage(spans, "quorum accept")).toBe(
      "quorum accept < coordinator acquire < router acquire < holdfast acquire",
    );
  });

  it("of a lock that is delegated goes on to the etcd of its region alone", async () => {
    const options = { scope: "global", ttl: "10s", wait: "10s" } as const;
    await using first = await Holdfast.connect({ endpoints: door() });
    const held = await first.acquire("traced.delegated", options);
    const { endpoint } = collector;
    const tracer = new OtlpTracer({ endpoint, sample: 1, service: "sdk", version: "0" });
    await using client = await Holdfast.connect({ endpoints: door(), tracer });
    const { promise: queued, resolve } = Promise.withResolvers<unknown>();
    const waiting = client.acquire("traced.delegated", { ...options, onPosition: resolve });
    await queued;
    await held.release();
    await (await waiting).release();
    await tracer.close();
    const line = "commit < coordinator acquire < router acquire < holdfast acquire";
    await told((spans) => {
      const lines = spans.map((span) => lineageOf(spans, span));
      expect(lines).toContain(line);
    });
  });
});
