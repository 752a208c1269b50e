import { expect, onTestFinished, test } from "vitest";
import { openTelemetry } from "./open-telemetry.ts";
import { PrometheusMeter } from "./prometheus-meter.ts";

const told = { meter: new PrometheusMeter(), trouble: () => undefined };

test("a service that is told no address listens on none", async () => {
  expect(await openTelemetry(undefined, told)).toBeUndefined();
});

test("a second service at an address is told which setting is wrong", async () => {
  const first = await openTelemetry("127.0.0.1:0", told);
  onTestFinished(() => first?.close());
  const address = first?.address;
  await expect(openTelemetry(address, told)).rejects.toThrow(
    `HOLDFAST_METRICS_LISTEN ${address} cannot be used: listen EADDRINUSE`,
  );
});
