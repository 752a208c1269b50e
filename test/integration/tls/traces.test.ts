import { readFileSync } from "node:fs";
import { OtlpTracer } from "@holdfast/adapter-telemetry/otlp-tracer";
import { ManualClock } from "@holdfast/base/manual-clock";
import { TlsWatch } from "@holdfast/runtime/tls-watch";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TraceCollector } from "../telemetry/trace-collector.ts";
import { type Files, TestCertificates } from "./certificates.ts";
import { replace } from "./real-stores.ts";

let certificates: TestCertificates;
beforeAll(async () => {
  certificates = await TestCertificates.make();
});
afterAll(() => certificates[Symbol.dispose]());

function collectorWith({ cert, key, ca }: Files): Promise<TraceCollector> {
  return TraceCollector.start({
    ...{ cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) },
  });
}

/** A tracer as services have it, whose files are read again when its clock says so. */
function tracing(endpoint: string, files: Files) {
  const clock = new ManualClock({ wallMs: Date.now() });
  const say = (): void => {};
  const log = { info: say, warn: say, error: say } as never;
  const tls = new TlsWatch({ files, use: "traces", clock, log });
  const troubles: (string | undefined)[] = [];
  const onTrouble = (message: string | undefined): void => void troubles.push(message);
  const options = { endpoint, tls, sample: 1, service: "test", version: "0", onTrouble };
  const tracer = new OtlpTracer(options);
  return {
    ...{ clock, tracer, troubles },
    [Symbol.asyncDispose]: async () => {
      tls.close();
      await tracer.close();
    },
  };
}

test("a collector that asks for a certificate of the CA is told the traces", async () => {
  await using collector = await collectorWith(await certificates.server());
  await using traced = tracing(collector.endpoint, await certificates.client());
  traced.tracer.span("step", undefined).end("ok");
  await traced.tracer.close();
  expect(collector.spans).toMatchObject([{ service: "holdfast-test", name: "step" }]);
  expect(traced.troubles).toEqual([]);
});

test.each([
  ["expired", () => certificates.expired("collector"), /its certificate has expired/],
  ["foreign", () => certificates.foreign("collector"), /its certificate is not signed by our CA/],
  ["elsewhere", () => certificates.elsewhere("collector"), /its certificate is for another name/],
])("a collector whose certificate is %s is told none, and the log why", async (_, make, said) => {
  await using collector = await collectorWith(await make());
  await using traced = tracing(collector.endpoint, await certificates.client());
  traced.tracer.span("step", undefined).end("ok");
  await traced.tracer.close();
  expect(collector.spans).toEqual([]);
  expect(traced.troubles).toEqual([expect.stringMatching(said)]);
});

test("a collector that refused our certificate is told of what comes after it was renewed", async () => {
  await using collector = await collectorWith(await certificates.server());
  const files = await certificates.expired("renewed");
  await using traced = tracing(collector.endpoint, files);
  traced.tracer.span("before", undefined).end("ok");
  await expect.poll(() => traced.troubles.length, { timeout: 5_000 }).toBe(1);
  expect(traced.troubles[0]).toMatch(/certificate/);
  replace(files, await certificates.client());
  await traced.clock.advance(10_000);
  const told = () => {
    traced.tracer.span("after", undefined).end("ok");
    return collector.spans.map(({ name }) => name);
  };
  await expect.poll(told, { timeout: 20_000, interval: 500 }).toContain("after");
  expect(traced.troubles[1]).toBeUndefined();
}, 40_000);
