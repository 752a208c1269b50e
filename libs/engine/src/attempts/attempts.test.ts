import { utf8Text } from "@holdfast/base/bytes";
import { Cancellation } from "@holdfast/base/cancellation";
import { failure } from "@holdfast/base/failure";
import type { GrantId, RequestId, SessionId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { sessionReference } from "@holdfast/core/audit/session-reference";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import { afterEach, expect, test } from "vitest";
import { MemoryEventLog } from "../memory/memory-event-log.ts";
import { MemoryMeter } from "../memory/memory-meter.ts";
import type { Call, LockTier } from "../ports/lock-tier.ts";
import { AttemptStream, attemptsTopic } from "./attempt-stream.ts";
import { ObservedTier } from "./observed-tier.ts";

const session = "secret" as SessionId;
const lock = { region: "us-east-1", namespace: "default", name: "a" };
const ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function acquire(name = "a"): AcquireCommand {
  return {
    ...{ kind: "acquire", lock: { ...lock, name }, scope: "local", mode: "exclusive" },
    ...{ requestId: name as RequestId, session, waitMs: 0, owner: "me", metadata: {} },
  };
}

const call = (hops = 0): Call => {
  return { cancellation: new Cancellation(), hops, onCallerLost: "cancel" };
};

function setUp({ hasTopic = true } = {}) {
  const clock = new ManualClock();
  const log = new MemoryEventLog(clock);
  if (hasTopic) log.createTopic(attemptsTopic, 2);
  const meter = new MemoryMeter();
  const trouble: (string | undefined)[] = [];
  const onTrouble = (message: string | undefined) => void trouble.push(message);
  const about = { router: "r1", region: "us-east-1" };
  const stream = new AttemptStream({ log, clock, meter, ...about, onTrouble });
  stream.start();
  ends.push(() => stream.stop());
  let answer: Outcome = { kind: "held", holders: [], queueLength: 0, retryAfterMs: 1 };
  const unavailable = failure("SHARD_UNAVAILABLE", "away");
  const tier: LockTier = {
    execute: async <C extends Command>() => answer as OutcomeOf<C>,
    list: async () => unavailable,
    watch: async () => unavailable,
    acquireMany: async ({ acquires }) => {
      const outcomes = acquires.map((_, at) => (at === 0 ? unavailable : { kind: "cancelled" }));
      return { kind: "many", outcomes: outcomes as never };
    },
  };
  /** What has reached the log, in the order of the numbers. */
  const sent = async () => {
    await clock.advance(600);
    const consumer = log.openConsumer(`reader at ${clock.monotonicMs()}`, [attemptsTopic]);
    await consumer.next(0);
    const reply = await consumer.next(0);
    const records = reply.kind === "records" ? reply.batch.records : [];
    return records
      .map(({ value }) => JSON.parse(utf8Text(value)) as Record<string, unknown>)
      .sort((left, right) => Number(left.number) - Number(right.number));
  };
  const answerWith = (outcome: Outcome) => {
    answer = outcome;
  };
  return {
    clock,
    log,
    meter,
    stream,
    trouble,
    sent,
    answerWith,
    tier: new ObservedTier(tier, stream),
  };
}

test("what is refused is told with who asked for which lock, numbered", async () => {
  const { tier, sent, answerWith } = setUp();
  await tier.execute(acquire(), call());
  answerWith(failure("NOT_HELD", "no"));
  const token = 1n;
  await tier.execute({ kind: "renew", lock, grantId: "g" as GrantId, token }, call());
  await tier.list({ ...lock, prefix: "", pageSize: 1, pageToken: "" }, call());
  await tier.acquireMany({ acquires: [acquire("b"), acquire("c")], allOrNothing: true }, call());
  const about = { v: 1, router: "r1", region: "us-east-1", atMs: Date.UTC(2026, 0, 1) };
  const asker = { owner: "me", session: sessionReference(session), waitMs: 0 };
  const text = "us-east-1/default";
  expect(await sent()).toEqual([
    { ...about, ...asker, number: 1, asked: "acquire", lock: `${text}/a`, outcome: "held" },
    { ...about, number: 2, asked: "renew", lock: `${text}/a`, outcome: "NOT_HELD" },
    { ...about, number: 3, asked: "list", outcome: "SHARD_UNAVAILABLE" },
    {
      ...about,
      ...asker,
      number: 4,
      asked: "acquire",
      lock: `${text}/b`,
      outcome: "SHARD_UNAVAILABLE",
    },
  ]);
});

test("what was granted, withdrawn, or asked by another router is not told", async () => {
  const { tier, sent, answerWith, meter } = setUp();
  await tier.execute(acquire(), call(1));
  await tier.list({ ...lock, prefix: "", pageSize: 1, pageToken: "" }, call(1));
  answerWith({ kind: "cancelled" });
  await tier.execute(acquire(), call());
  answerWith({ kind: "released", handedOver: false });
  await tier.execute(acquire(), call());
  expect(await sent()).toEqual([]);
  expect(meter.read("holdfast_attempts_total")).toBe(0);
});

test("a flood is dropped and counted where the buffer ends, and the numbers show the hole", async () => {
  const { clock, log, meter, stream, trouble, sent } = setUp();
  log.reachable = false;
  for (let at = 0; at < 5_000; at++) stream.tell({ asked: "acquire", outcome: "held" });
  expect(meter.read("holdfast_attempts_total")).toBe(5_000);
  expect(meter.read("holdfast_attempts_dropped_total")).toBe(904);
  await clock.advance(60_000);
  expect(trouble).toEqual(["the log is not reachable"]);
  log.reachable = true;
  await clock.advance(10_000);
  stream.tell({ asked: "acquire", outcome: "timeout" });
  const all = await sent();
  expect(all.map((each) => each.number)).toEqual([
    ...Array.from({ length: 4_096 }, (_, at) => at + 1),
    5_001,
  ]);
  expect(trouble).toEqual(["the log is not reachable", undefined]);
});

test("a topic that is missing is trouble that is told once, and stops nobody", async () => {
  const { clock, log, stream, trouble, sent } = setUp({ hasTopic: false });
  stream.tell({ asked: "acquire", outcome: "held" });
  await clock.advance(20_000);
  expect(trouble).toEqual([`there is no topic ${attemptsTopic}`]);
  log.createTopic(attemptsTopic, 1);
  await clock.advance(5_000);
  expect(await sent()).toHaveLength(1);
});

test("who stops sends what waits, and counts as dropped what the log does not take then", async () => {
  const first = setUp();
  first.stream.tell({ asked: "acquire", outcome: "held" });
  await first.stream.stop();
  expect(await first.sent()).toHaveLength(1);
  const second = setUp();
  second.log.reachable = false;
  second.stream.tell({ asked: "acquire", outcome: "held" });
  await second.stream.stop();
  expect(second.meter.read("holdfast_attempts_dropped_total")).toBe(1);
});
