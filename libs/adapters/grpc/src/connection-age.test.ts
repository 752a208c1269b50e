import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { UnaryCodec, unaryPaths } from "@holdfast/api/codec/unary-codec";
import { grpcCodes } from "@holdfast/api/failure-status";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom, SystemRandom } from "@holdfast/base/random";
import type { Outcome } from "@holdfast/core/command/outcome";
import { expect, onTestFinished, test } from "vitest";
import { streamAgeMs } from "./connection-age.ts";
import { openDoor, tryFor } from "./testing/open-door.ts";

const ageMs = 1_800_000;
const codec = new UnaryCodec();

/** A door whose clients are told to connect again after half an hour of a clock moved by hand. */
async function agingDoor() {
  const clock = new ManualClock();
  const connectionAge = { ageMs, random: new SeededRandom(1) };
  const door = await openDoor({ clock, connectionAge });
  onTestFinished(async () => {
    door.client.close();
    let isDrained = false;
    const drained = door.server.drain(0).then(() => {
      isDrained = true;
    });
    while (!isDrained) {
      await clock.advance(50);
      await nextTurn();
    }
    await drained;
  });
  return { ...door, clock };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

test("an old stream is told to connect again, once, at an age of its own", async () => {
  const { client, clock } = await agingDoor();
  const streams = [client.connect(), client.connect(), client.connect()];
  for (const stream of streams) {
    stream.hello();
    await stream.until((received) => received.length > 0);
  }
  const told = () => streams.map(({ received }) => received.flatMap(({ events }) => events));
  await clock.advance(ageMs * 0.9 - 1);
  expect(told()).toEqual([[], [], []]);
  for (const [index, stream] of streams.entries()) {
    while (told()[index]?.length === 0 && clock.monotonicMs() < 2 * ageMs) {
      await clock.advance(1_000);
      await nextTurn();
    }
    await stream.until((received) => received.some(({ events }) => events.length > 0));
  }
  expect(clock.monotonicMs()).toBeLessThan(1.11 * ageMs);
  await clock.advance(ageMs);
  await nextTurn();
  const goAway = { kind: "go-away", drainMs: 3_600_000, reconnect: true };
  for (const events of told()) expect(events).toMatchObject([goAway]);
});

test("an old stream goes on answering until its client ends it", async () => {
  const { client, tier, clock } = await agingDoor();
  const answers: ((outcome: Outcome) => void)[] = [];
  tier.instead = () =>
    new Promise((resolve) => {
      answers.push(resolve);
    });
  const stream = client.connect();
  stream.hello();
  stream.ask([tryFor("a", { waitMs: 3_600_000 })]);
  await expect.poll(() => tier.asked.length).toBe(1);
  await clock.advance(ageMs * 1.1);
  await stream.until((received) => received.some(({ events }) => events.length > 0));
  stream.ask([tryFor("b")], 2);
  await expect.poll(() => tier.asked.length).toBe(2);
  stream.halfClose();
  await clock.advance(2 * ageMs);
  for (const answer of answers) answer({ kind: "cancelled" });
  expect((await stream.ended).code).toBe(grpcCodes.OK);
  expect(stream.received.flatMap(({ results }) => results)).toHaveLength(2);
});

test("a connection without such a stream gets HTTP/2's go-away, and is cut after the grace", async () => {
  const connectionAge = { ageMs: 200, random: new SystemRandom(), graceMs: 300 };
  const { server, tier } = await openDoor({ connectionAge });
  tier.instead = () => new Promise(() => {});
  const session = connectHttp2(`http://${server.address}`);
  session.on("error", () => {});
  const stream = session.request({
    ":method": "POST",
    ":path": unaryPaths.acquire,
    "content-type": "application/grpc+proto",
    te: "trailers",
  });
  stream.on("error", () => {});
  const request = codec.writeRequest(tryFor("a", { waitMs: 60_000 }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(request.length, 1);
  stream.end(Buffer.concat([head, request]));
  const closed = once(session, "close");
  const [code] = await once(session, "goaway");
  expect(code).toBe(0);
  expect(stream.closed).toBe(false);
  await closed;
  await expect.poll(() => tier.asked[0]?.call.cancellation.cancelled).toBe(true);
});

test("ages differ by a tenth at most, so that clients that came together do not return together", () => {
  const age = { ageMs, random: new SeededRandom(3) };
  const ages = Array.from({ length: 1_000 }, () => streamAgeMs(age));
  expect(Math.min(...ages)).toBeGreaterThanOrEqual(0.9 * ageMs);
  expect(Math.max(...ages)).toBeLessThanOrEqual(1.1 * ageMs);
  expect(Math.max(...ages) - Math.min(...ages)).toBeGreaterThan(0.19 * ageMs);
});
