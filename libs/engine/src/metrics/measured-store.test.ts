import type { LeaseId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { expect, test } from "vitest";
import { MemoryMeter } from "../memory/memory-meter.ts";
import type { KeepAliveReply, ShardStore } from "../ports/shard-store.ts";
import { MeasuredStore } from "./measured-store.ts";

const lease = 1n as unknown as LeaseId;

function setUp() {
  const clock = new ManualClock();
  const meter = new MemoryMeter();
  const asked: ((reply: KeepAliveReply) => void)[] = [];
  const store = {
    keepAlive: () => new Promise((resolve) => void asked.push(resolve)),
  } as unknown as ShardStore;
  const lag = () => meter.read("holdfast_lease_lag_seconds", { shard: "s0" });
  const renewals = (outcome: string) =>
    meter.read("holdfast_lease_renewals_total", { shard: "s0", outcome });
  return {
    clock,
    meter,
    asked,
    lag,
    renewals,
    measured: new MeasuredStore(store, "s0", meter, clock),
  };
}

test("the lag is the age of the oldest renewal without an answer", async () => {
  const { clock, measured, asked, lag, renewals } = setUp();
  expect(lag()).toBe(0);
  const first = measured.keepAlive(lease);
  await clock.advance(2_000);
  const second = measured.keepAlive(lease);
  await clock.advance(1_000);
  expect(lag()).toBe(3);
  asked[0]?.({ kind: "kept", ttlS: 10 });
  await first;
  expect(lag()).toBe(1);
  asked[1]?.({ kind: "kept", ttlS: 0 });
  await second;
  expect([lag(), renewals("renewed"), renewals("ended")]).toEqual([0, 1, 1]);
});

test("one that came to nothing goes on lagging until another one comes through", async () => {
  const { clock, meter, measured, asked, lag, renewals } = setUp();
  const lost = measured.keepAlive(lease);
  await clock.advance(500);
  asked[0]?.({ kind: "unavailable", message: "away" });
  await lost;
  await clock.advance(4_500);
  expect([lag(), measured.isAnswering, renewals("unanswered")]).toEqual([5, false, 1]);
  const labels = { shard: "s0", kind: "lease", outcome: "unavailable" };
  expect(meter.observed("holdfast_etcd_request_seconds", labels)?.sum).toBe(0.5);
  const next = measured.keepAlive(lease);
  asked[1]?.({ kind: "kept", ttlS: 10 });
  await next;
  expect([lag(), measured.isAnswering]).toEqual([0, true]);
});
