import { failure } from "@holdfast/base/failure";
import { validityMs } from "@holdfast/core/lease/validity";
import { expect, test } from "vitest";
import { parseHandle } from "./grant-handle.ts";
import { codeOf, granted, rigOf, unknown } from "./testing/rig.ts";

const leaseMs = 6_000;

test("a leased grant needs no session, has a random request id and a handle for later", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquireLeased("order", { ttl: leaseMs, mode: "shared" });
  await rig.clock.advance(0);
  const { command, answer } = rig.net.next("acquire");
  expect(command.session).toBeUndefined();
  expect(command.ttlMs).toBe(leaseMs);
  expect(command.requestId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-/);
  await rig.clock.advance(100);
  answer(granted(command, { token: 77n }));
  const grant = await acquiring;
  expect(grant.validForMs).toBe(validityMs(leaseMs) - 100);
  expect(parseHandle(grant.handle)).toMatchObject({
    lock: { region: "us", namespace: "default", name: "order" },
    mode: "shared",
    token: 77n,
    ttlMs: leaseMs,
    repeated: false,
  });
  expect(rig.net.all("open-session")).toEqual([]);
});

test("while it waits its request is repeated every third of the ttl", async () => {
  const rig = await rigOf();
  const acquiring = codeOf(rig.client.acquireLeased("order", { ttl: leaseMs, wait: "20s" }));
  await rig.clock.advance(15_000);
  const sent = rig.net.all("acquire");
  expect(sent.map((one) => one.atMs - 20)).toEqual(
    Array.from({ length: 8 }, (_, index) => (index * leaseMs) / 3),
  );
  expect(new Set(sent.map((one) => one.command.requestId)).size).toBe(1);
  sent.at(-1)?.answer({ kind: "timeout", holders: [], queueLength: 3 });
  expect(await acquiring).toBe("TIMEOUT");
  await rig.clock.advance(0);
  expect(rig.net.all("cancel").length).toBe(1);
});

test("a promotion counts from the repeat that put it under a newer lease", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquireLeased("order", { ttl: leaseMs, wait: "20s" });
  await rig.clock.advance(10_500);
  const last = rig.net.all("acquire").at(-1);
  if (last === undefined) throw new Error("nothing was sent");
  last.answer(granted(last.command, { validFrom: "this-send" }));
  const grant = await acquiring;
  expect(grant.validForMs).toBe(last.atMs + validityMs(leaseMs) - rig.clock.monotonicMs());
  expect(parseHandle(grant.handle).repeated).toBe(true);
});

test("a promotion that does not say so counts from the first send, and is renewed first", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquireLeased("order", { ttl: leaseMs, wait: "20s" });
  await rig.clock.advance(10_500);
  const last = rig.net.all("acquire").at(-1);
  last?.answer(granted(last.command));
  await rig.clock.advance(0);
  const renew = rig.net.next("renew");
  await rig.clock.advance(200);
  renew.answer({ kind: "renewed", validForMs: validityMs(leaseMs) });
  expect((await acquiring).validForMs).toBe(validityMs(leaseMs) - 200);
});

test("a grant that ran out before it could be renewed is not handed out", async () => {
  const rig = await rigOf();
  const acquiring = codeOf(rig.client.acquireLeased("order", { ttl: leaseMs, wait: "20s" }));
  await rig.clock.advance(10_500);
  const last = rig.net.all("acquire").at(-1);
  last?.answer(granted(last.command));
  await rig.clock.advance(0);
  rig.net.next("renew").answer(failure("LOST", "It has ended."));
  expect(await acquiring).toBe("LOST");
  await rig.clock.advance(0);
  expect(rig.net.all("release").length).toBe(1);
});

test("a grant that could not be renewed in time is not called untouched", async () => {
  const rig = await rigOf();
  rig.net.script = ({ kind }) =>
    kind === "renew" ? failure("SHARD_UNAVAILABLE", "Nobody answers.") : undefined;
  const acquiring = codeOf(rig.client.acquireLeased("order", { ttl: leaseMs, wait: "20s" }));
  await rig.clock.advance(15_000);
  const last = rig.net.all("acquire").at(-1);
  last?.answer(granted(last.command));
  await rig.clock.advance(30_000);
  expect(await acquiring).toBe("UNKNOWN_OUTCOME");
  expect(rig.net.all("release").length).toBeGreaterThan(0);
});

test("a machine that slept between send and answer has the grant renewed first", async () => {
  const rig = await rigOf();
  const acquiring = rig.client.acquireLeased("order", { ttl: leaseMs });
  await rig.clock.advance(0);
  const { command, answer } = rig.net.next("acquire");
  rig.clock.suspend(60_000);
  answer(granted(command));
  await rig.clock.advance(0);
  rig.net.next("renew").answer({ kind: "renewed", validForMs: validityMs(leaseMs) });
  expect((await acquiring).validForMs).toBe(validityMs(leaseMs));
});

test("a handle renews and releases its grant from any client", async () => {
  const rig = await rigOf();
  const handle = "eu/default/order#x.abcdefghijklmnopqrs-_1.99.30000r";
  const renewing = rig.client.renewHandle(handle, { ttl: "1m" });
  await rig.clock.advance(0);
  const lock = { region: "eu", namespace: "default", name: "order" };
  const grantId = "abcdefghijklmnopqrs-_1";
  const renew = rig.net.next("renew");
  expect(renew.command).toEqual({ kind: "renew", lock, grantId, token: 99n, ttlMs: 60_000 });
  await rig.clock.advance(50);
  renew.answer({ kind: "renewed", validForMs: validityMs(60_000) });
  expect(await renewing).toEqual({ validForMs: validityMs(60_000) - 50 });
  const releasing = rig.client.releaseHandle(handle);
  await rig.clock.advance(0);
  const release = rig.net.next("release");
  expect(release.command).toEqual({
    kind: "release",
    lock,
    grantId,
    token: 99n,
    mode: "exclusive",
    repeated: true,
    ttlMs: 30_000,
  });
  release.answer({ kind: "released", handedOver: true });
  expect(await releasing).toBe("released");
});

test("a renewal counts from its first send when its answer had to be asked for twice", async () => {
  const rig = await rigOf();
  const renewing = rig.client.renewHandle("us/default/order#x.abcdefghijklmnopqrs-_1.99.30000");
  await rig.clock.advance(0);
  const first = rig.net.next("renew");
  first.answer(unknown);
  await rig.clock.advance(500);
  rig.net.next("renew").answer({ kind: "renewed", validForMs: validityMs(30_000) });
  const { validForMs } = await renewing;
  expect(validForMs).toBe(first.atMs + validityMs(30_000) - rig.clock.monotonicMs());
});

test("a renewal of what has ended throws", async () => {
  const rig = await rigOf();
  const renewing = codeOf(
    rig.client.renewHandle("us/default/order#x.abcdefghijklmnopqrs-_1.99.30000"),
  );
  await rig.clock.advance(0);
  rig.net.next("renew").answer(failure("LOST", "It has ended."));
  expect(await renewing).toBe("LOST");
});

test("a leased acquire that is given up while it is renewed gives the grant back", async () => {
  const rig = await rigOf();
  const giveUp = new AbortController();
  const acquiring = codeOf(
    rig.client.acquireLeased("order", { ttl: leaseMs, wait: "20s", signal: giveUp.signal }),
  );
  await rig.clock.advance(10_500);
  const last = rig.net.all("acquire").at(-1);
  last?.answer(granted(last.command));
  await rig.clock.advance(0);
  giveUp.abort();
  rig.net.next("renew").answer({ kind: "renewed", validForMs: validityMs(leaseMs) });
  expect(await acquiring).toBe("CANCELLED");
  expect(rig.net.all("release").length).toBe(1);
});
