import { Cancellation } from "@holdfast/base/cancellation";
import { failure } from "@holdfast/base/failure";
import type { RequestId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import type { Tracer } from "@holdfast/base/tracer";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import { expect, test } from "vitest";
import { MemoryMeter } from "../memory/memory-meter.ts";
import type { Call, LockTier } from "../ports/lock-tier.ts";
import { silentMeter } from "../silent-meter.ts";
import { toldTier } from "./told-tier.ts";

const lock = { region: "us-east-1", namespace: "default", name: "a" };
const [above, here] = ["a", "b"].map((id) => `00-${"1".repeat(32)}-${id.repeat(16)}-01`);

function acquire(more: Partial<AcquireCommand> = {}): AcquireCommand {
  return {
    ...{ kind: "acquire", lock, scope: "local", mode: "exclusive", requestId: "r" as RequestId },
    ...{ waitMs: 0, owner: "me", metadata: {} },
    ...more,
  };
}

const call = (onPosition?: (position: number) => void): Call => {
  const surroundings = { cancellation: new Cancellation(), hops: 0 };
  return { ...surroundings, onCallerLost: "cancel", ...(onPosition && { onPosition }) };
};

/** A tier that takes 20 ms over everything, and the meter around it. */
function setUp(answer: Outcome, tracer?: Tracer) {
  const clock = new ManualClock();
  const meter = new MemoryMeter();
  const asked: Command[] = [];
  const tier = {
    execute: async <C extends Command>(command: C, { onPosition }: Call) => {
      asked.push(command);
      if (command.kind === "acquire" && command.waitMs > 0) onPosition?.(1);
      await clock.advance(20);
      return answer as OutcomeOf<C>;
    },
  } as unknown as LockTier;
  const seen = (operation: string, scope: string, outcome: string) =>
    meter.observed("holdfast_operation_seconds", { operation, scope, outcome });
  return { tier: toldTier(tier, { meter, tracer }, clock, "router"), seen, asked };
}

const granted = { kind: "granted" } as Outcome;

test("what was asked, who decides, how it ended and how long it took is one figure", async () => {
  const { tier, seen } = setUp(granted);
  await tier.execute(acquire(), call());
  await tier.execute(acquire({ lock: { ...lock, region: "global" } }), call());
  const local = seen("acquire", "local", "granted");
  expect(local).toMatchObject({ count: 1, sum: 0.02 });
  expect(local?.upTo.get(0.025)).toBe(1);
  expect(seen("acquire", "global", "granted")?.count).toBe(1);
});

test("a grant that was waited for is counted apart: it took as long as its holder wished", async () => {
  const { tier, seen } = setUp(granted);
  const places: number[] = [];
  await tier.execute(
    acquire({ waitMs: 1_000 }),
    call((place) => places.push(place)),
  );
  expect(places).toEqual([1]);
  expect(seen("acquire", "local", "granted_after_wait")?.count).toBe(1);
  expect(seen("acquire", "local", "granted")).toBeUndefined();
});

test("a failure is counted by its kind, in words of the metrics", async () => {
  const { tier, seen } = setUp(failure("SHARD_UNAVAILABLE", "away"));
  await tier.execute({ kind: "get", lock }, call());
  expect(seen("get", "local", "unavailable")?.count).toBe(1);
});

test("a trace that is kept goes on under a span of its own; any other goes on as it is", async () => {
  const told: unknown[] = [];
  const tracer: Tracer = {
    keeps: (parent) => parent !== undefined,
    span: (name, parent) => {
      told.push([name, parent]);
      return { traceparent: here ?? "", end: (...how) => void told.push(how) };
    },
  };
  const { tier, asked } = setUp(failure("UNKNOWN_OUTCOME", "lost"), tracer);
  const plain = acquire();
  await tier.execute(plain, call());
  expect(asked[0]).toBe(plain);
  await tier.execute(acquire({ traceparent: above ?? "" }), call());
  expect(asked[1]).toMatchObject({ traceparent: here });
  expect(told).toEqual([
    ["router acquire", above],
    ["unknown", true],
  ]);
});

test("what the platform is to blame for is told, in the step that it is a part of", async () => {
  const faults: unknown[] = [];
  let step = "";
  const tracer: Tracer = {
    keeps: () => true,
    span: () => ({ traceparent: here ?? "", end: () => {} }),
    within: (span, work) => {
      step = span.traceparent;
      return work();
    },
  };
  const outcomes = [failure("SHARD_UNAVAILABLE", "away"), failure("NOT_HELD", "not yours")];
  const tier = { execute: async () => outcomes.shift() } as unknown as LockTier;
  const onFault = (fault: object) => void faults.push({ ...fault, step });
  const witness = { meter: silentMeter, tracer, onFault };
  const told = toldTier(tier, witness, new ManualClock(), "router");
  await told.execute(acquire(), call());
  await told.execute(acquire(), call());
  expect(faults).toEqual([
    {
      operation: "acquire",
      code: "SHARD_UNAVAILABLE",
      message: "away",
      lock,
      leftOut: 0,
      step: here,
    },
  ]);
});

test("what nobody hears any more is no fault of the platform", async () => {
  const faults: unknown[] = [];
  const tier = { execute: async () => failure("UNKNOWN_OUTCOME", "gone") } as unknown as LockTier;
  const onFault = (fault: object) => void faults.push(fault);
  const witness = { meter: silentMeter, tracer: undefined, onFault };
  const told = toldTier(tier, witness, new ManualClock(), "router");
  const gone = call();
  gone.cancellation.cancel();
  await told.execute(acquire(), gone);
  expect(faults).toEqual([]);
});

test("where nobody is to be told, nothing is put before the tier", () => {
  const tier = {} as LockTier;
  const nobody = { meter: silentMeter, tracer: undefined };
  expect(toldTier(tier, nobody, new ManualClock(), "router")).toBe(tier);
});
