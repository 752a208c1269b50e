import { readWatchResponse, writeWatchRequest } from "@holdfast/api/codec/query-codec";
import { grpcCodes } from "@holdfast/api/failure-status";
import { failure } from "@holdfast/base/failure";
import type { GrantId } from "@holdfast/base/ids";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { expect, test } from "vitest";
import { failureIn } from "./peer-channel.ts";
import { openDoor } from "./testing/open-door.ts";
import { WatchOutbox } from "./watch-outbox.ts";

const path = "/holdfast.v1.LockService/Watch";
const request = writeWatchRequest({
  region: "",
  namespace: "default",
  name: "a/",
  prefix: true,
  withCurrent: false,
});

function event(revision: bigint): LockEvent {
  return {
    kind: "LockAcquired",
    lock: { region: "us-east-1", namespace: "default", name: "a/1" },
    tenant: {
      grantId: "G".repeat(22) as GrantId,
      mode: "shared",
      owner: "o",
      metadata: { a: "b" },
      token: 5n,
      ageMs: 7,
      hasSession: true,
      ttlMs: 15_000,
    },
    shard: "s0",
    revision,
  };
}

test("events arrive in order, until the watcher leaves", async () => {
  const { client, tier } = await openDoor();
  const events: LockEvent[] = [];
  const watch = client.follow(path, request, (bytes) => {
    events.push(...(readWatchResponse(bytes) ?? []));
  });
  await expect.poll(() => tier.watchers.size).toBe(1);
  const [[listener, query]] = [...tier.watchers] as [[(event: LockEvent) => void, unknown]];
  expect(query).toMatchObject({ region: "us-east-1", name: "a/", prefix: true });
  for (let revision = 1n; revision <= 250n; revision++) listener(event(revision));
  await expect.poll(() => events.length).toBe(250);
  expect(events).toEqual(Array.from({ length: 250 }, (_, index) => event(BigInt(index + 1))));
  watch.cancel();
  await expect.poll(() => tier.watchers.size).toBe(0);
});

test("a bad watch is refused, and one that fails says why", async () => {
  const { client, tier } = await openDoor();
  const bad = writeWatchRequest({
    region: "",
    namespace: "default",
    name: "..",
    prefix: false,
    withCurrent: false,
  });
  expect(failureIn(await client.follow(path, bad, () => {}).ended)).toMatchObject({
    code: "INVALID_ARGUMENT",
    field: "name",
  });
  tier.watch = async () =>
    failure("SHARD_UNAVAILABLE", "Gone.", { shard: "us-east-1/s0" }) as never;
  expect(failureIn(await client.follow(path, request, () => {}).ended)).toMatchObject({
    code: "SHARD_UNAVAILABLE",
    shard: "us-east-1/s0",
  });
});

test("a watch ends when the router stops, and says that it is to be begun elsewhere", async () => {
  const { client, server, tier } = await openDoor();
  const watch = client.follow(path, request, () => {});
  await expect.poll(() => tier.watchers.size).toBe(1);
  const drained = server.drain(2_000);
  expect((await watch.ended).code).toBe(grpcCodes.UNAVAILABLE);
  client.close();
  await drained;
});

test("a watcher that reads too slowly is told that it missed something", async () => {
  const sent: LockEvent[] = [];
  let done = () => {};
  const outbox = new WatchOutbox("us-east-1", (events, passedOn) => {
    sent.push(...events);
    done = passedOn;
  });
  outbox.add(event(1n));
  await new Promise(setImmediate);
  for (let revision = 2n; revision <= 10_002n; revision++) outbox.add(event(revision));
  done();
  expect(sent.map(({ kind }) => kind)).toEqual(["LockAcquired", "WatchRestarted", "LockAcquired"]);
  expect(sent[2]?.revision).toBe(10_002n);
});
