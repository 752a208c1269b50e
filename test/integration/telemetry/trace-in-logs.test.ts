import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Peer } from "@holdfast/adapter-grpc/peer";
import { Cancellation } from "@holdfast/base/cancellation";
import { SystemClock } from "@holdfast/base/clock";
import type { RequestId } from "@holdfast/base/ids";
import type { AcquireCommand } from "@holdfast/core/command/command";
import { makeLog } from "@holdfast/runtime/log";
import { compose } from "@holdfast/service-router/compose";
import { readConfig } from "@holdfast/service-router/config";
import { expect, it, onTestFinished, vi } from "vitest";
import { fieldsOf, mappedFields } from "./field-mapping.ts";
import { TraceCollector } from "./trace-collector.ts";

const elastic = resolve(import.meta.dirname, "../../../infra/elastic");
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
/** In a region where nobody is. */
const acquire: AcquireCommand = {
  kind: "acquire",
  lock: { region: "there", namespace: "default", name: "order" },
  scope: "local",
  mode: "exclusive",
  requestId: randomUUID() as RequestId,
  ttlMs: 10_000,
  waitMs: 0,
  owner: "test",
  metadata: {},
};

/** A router that is told of a region where nobody is, and what it logs. */
async function startRouter(collector: TraceCollector) {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = makeLog({ service: "router", region: "here", level: "info" }, { write });
  const config = readConfig({
    HOLDFAST_REGION: "here",
    HOLDFAST_STORE: "memory",
    HOLDFAST_SHARDS: "s0",
    HOLDFAST_LISTEN: "127.0.0.1:0",
    HOLDFAST_PEERS: "there=127.0.0.1:1",
    HOLDFAST_TRACES_ENDPOINT: collector.endpoint,
    HOLDFAST_TRACES_SAMPLE: "0",
  });
  const router = await compose(config, log);
  onTestFinished(() => router.stop());
  const listening = lines.find((line) => line["event.action"] === "listening");
  return { lines, endpoint: String(listening?.["server.address"]) };
}

it("a line about a request that failed names its trace, and the step of it that failed", async () => {
  await using collector = await TraceCollector.start();
  const { lines, endpoint } = await startRouter(collector);
  const peer = new Peer({ region: "here", addresses: [endpoint], clock: new SystemClock() });
  onTestFinished(() => peer.close());
  for (const flags of ["01", "00"]) {
    const traceparent = `00-${traceId}-00f067aa0ba902b7-${flags}`;
    const call = { cancellation: new Cancellation(), hops: 0, onCallerLost: "cancel" } as const;
    const outcome = await peer.execute({ ...acquire, traceparent }, call);
    expect(outcome).toMatchObject({ code: "SHARD_UNAVAILABLE" });
  }
  const failed = lines.filter((line) => line["event.action"] === "request-failed");
  const [traced, untraced] = failed;
  expect(traced).toMatchObject({
    "log.level": "warn",
    "event.reason": "SHARD_UNAVAILABLE",
    "holdfast.operation": "acquire",
    "holdfast.lock": acquire.lock,
    "trace.id": traceId,
  });
  await vi.waitFor(() => {
    const span = collector.spans.find(({ spanId }) => spanId === traced?.["span.id"]);
    expect(span).toMatchObject({ name: "router acquire", traceId });
  }, 10_000);
  expect(untraced).toMatchObject({ "holdfast.operation": "acquire" });
  expect(untraced).not.toHaveProperty(["trace.id"]);
  const template = JSON.parse(readFileSync(join(elastic, "index-template.json"), "utf8"));
  const mapped = mappedFields(template.template.mappings);
  const unmapped = fieldsOf(traced ?? {}).filter(([name]) => !mapped.has(name));
  expect(unmapped).toEqual([]);
});
