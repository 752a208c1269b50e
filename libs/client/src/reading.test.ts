import { failure } from "@holdfast/base/failure";
import { ManualClock } from "@holdfast/base/manual-clock";
import { SeededRandom } from "@holdfast/base/random";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { expect, test } from "vitest";
import type { Directory, ListQuery, WatchListener, WatchQuery } from "./directory.ts";
import { HoldfastClient } from "./holdfast-client.ts";
import { codeOf, rigOf } from "./testing/rig.ts";
import { ScriptedTransport } from "./testing/scripted-transport.ts";
import type { WatchEvent } from "./watch-locks.ts";

const tenant = {
  grantId: "h".repeat(22) as never,
  mode: "exclusive",
  owner: "other",
  metadata: {},
  token: 4n,
  ageMs: 10,
  hasSession: true,
  ttlMs: 15_000,
} as const;

/** A directory whose pages are given and whose watches the test drives. */
class ScriptedDirectory implements Directory {
  readonly asked: ListQuery[] = [];
  readonly watches: {
    readonly endpoint: string;
    readonly query: WatchQuery;
    readonly listener: WatchListener;
    cancelled: boolean;
  }[] = [];
  pages: Awaited<ReturnType<Directory["list"]>>[] = [];

  list(_endpoint: string, query: ListQuery): ReturnType<Directory["list"]> {
    this.asked.push(query);
    const page = this.pages.shift();
    return Promise.resolve(page ?? { kind: "page", locks: [], nextPageToken: "" });
  }

  watch(endpoint: string, query: WatchQuery, listener: WatchListener) {
    const watch = { endpoint, query, listener, cancelled: false };
    this.watches.push(watch);
    return {
      cancel: () => {
        watch.cancelled = true;
      },
    };
  }
}

async function readingRig() {
  const clock = new ManualClock();
  const net = new ScriptedTransport(clock).router("a:1", "us", 1).router("b:1", "us", 5);
  const directory = new ScriptedDirectory();
  const connecting = HoldfastClient.over(
    { endpoints: ["a:1", "b:1"] },
    { transport: net, clock, random: new SeededRandom(7), directory },
  );
  await clock.advance(10);
  return { clock, directory, client: await connecting };
}

function event(kind: LockEvent["kind"], name: string, revision: bigint): LockEvent {
  const lock = { region: "us", namespace: "default", name };
  return { kind, lock, tenant, shard: "s0", revision };
}

function entry(name: string) {
  return { lock: { region: "us", namespace: "default", name }, holder: tenant };
}

test("a list goes on from page to page until the last", async () => {
  const { client, directory } = await readingRig();
  directory.pages = [
    { kind: "page", locks: [entry("a"), entry("b")], nextPageToken: "more" },
    { kind: "page", locks: [entry("c")], nextPageToken: "" },
  ];
  const names: string[] = [];
  for await (const { lock } of client.list("", { pageSize: 2 })) names.push(lock.name);
  expect(names).toEqual(["a", "b", "c"]);
  expect(directory.asked.map((query) => query.pageToken)).toEqual(["", "more"]);
});

test("a page that cannot be had now is asked for again, and a wrong request is not", async () => {
  const { client, directory, clock } = await readingRig();
  directory.pages = [
    failure("SHARD_UNAVAILABLE", "No leader."),
    { kind: "page", locks: [entry("a")], nextPageToken: "" },
  ];
  const first = client.list().next();
  await clock.advance(1_000);
  expect((await first).value).toEqual(entry("a"));
  directory.pages = [failure("INVALID_ARGUMENT", "No such page.")];
  expect(await codeOf(client.list().next())).toBe("INVALID_ARGUMENT");
});

test("a watch yields events in order and ends with its signal", async () => {
  const { client, directory } = await readingRig();
  const stop = new AbortController();
  const seen: string[] = [];
  const reading = (async () => {
    for await (const one of client.watch("order:*", { signal: stop.signal })) seen.push(one.kind);
  })();
  const [watch] = directory.watches;
  expect(watch?.query).toMatchObject({ name: "order:", prefix: true, withCurrent: false });
  watch?.listener.onEvents([event("LockAcquired", "order:1", 5n)]);
  watch?.listener.onEvents([event("LockEnded", "order:1", 6n), event("LockAcquired", "x", 7n)]);
  await Promise.resolve();
  stop.abort();
  await reading;
  expect(seen).toEqual(["LockAcquired", "LockEnded", "LockAcquired"]);
  expect(watch?.cancelled).toBe(true);
});

test("a watch that broke goes on elsewhere and says that something may be missing", async () => {
  const { client, directory, clock } = await readingRig();
  const events = client.watch("order");
  const first = events.next();
  const broken = directory.watches[0];
  expect(broken?.query).toMatchObject({ name: "order", prefix: false });
  broken?.listener.onEvents([event("LockAcquired", "order", 5n)]);
  await first;
  broken?.listener.onEnd(failure("SHARD_UNAVAILABLE", "The router is gone."));
  const next = events.next();
  await clock.advance(1_000);
  const again = directory.watches[1];
  expect(again?.endpoint).not.toBe(broken?.endpoint);
  // Begun, with nothing to tell yet.
  again?.listener.onEvents([]);
  expect((await next).value).toEqual({
    kind: "WatchRestarted",
    region: "us",
    why: "The router is gone.",
  } satisfies WatchEvent);
  await events.return?.();
  expect(again?.cancelled).toBe(true);
});

test("a reader that falls too far behind is told so instead of filling the memory", async () => {
  const { client, directory } = await readingRig();
  const events = client.watch("*");
  const first = events.next();
  for (let count = 0; count < 10_002; count++) {
    directory.watches[0]?.listener.onEvents([event("LockAcquired", `n${count}`, BigInt(count))]);
  }
  expect((await first).value).toMatchObject({ kind: "WatchRestarted" });
  expect((await events.next()).value).toMatchObject({ kind: "LockAcquired", revision: 10_001n });
});

test("a watch that is refused throws why, and one of a wrong name throws at once", async () => {
  const { client, directory } = await readingRig();
  const events = client.watch("order");
  const first = codeOf(events.next());
  directory.watches[0]?.listener.onEnd(failure("PERMISSION_DENIED", "Not yours."));
  expect(await first).toBe("PERMISSION_DENIED");
  expect(() => client.watch("two words")).toThrow("name");
});

test("closing the client ends its watches", async () => {
  const { client, directory, clock } = await readingRig();
  const next = client.watch("order").next();
  await client.close();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(directory.watches[0]?.cancelled).toBe(true);
  expect(clock.pendingTimers).toBe(0);
});

test("get reads one lock and repeats until a router can say", async () => {
  const rig = await rigOf();
  const getting = rig.client.get("order", { region: "eu" });
  await rig.clock.advance(0);
  const first = rig.net.next("get");
  expect(first.command.lock).toEqual({ region: "eu", namespace: "default", name: "order" });
  first.answer(failure("SHARD_UNAVAILABLE", "No leader."));
  await rig.clock.advance(1_000);
  const { lock } = first.command;
  const state = {
    kind: "lock",
    lock,
    shard: "s0",
    slot: 7,
    holders: [],
    waiters: [],
    holderCount: 0,
    waiterCount: 0,
    revision: 9n,
  } as const;
  rig.net.next("get").answer(state);
  expect(await getting).toEqual(state);
});

test("a cached read says so to the router, and no other read does", async () => {
  const rig = await rigOf();
  for (const options of [{ consistency: "cached" }, { consistency: "linearizable" }, {}] as const) {
    void rig.client.get("order", options).catch(() => {});
  }
  await rig.clock.advance(0);
  const asked = rig.net.all("get").map(({ command }) => command.consistency);
  expect(asked).toEqual(["cached", "linearizable", undefined]);
  expect(await codeOf(rig.client.get("order", { consistency: "eventual" as never }))).toBe(
    "INVALID_ARGUMENT",
  );
});

test("a cached list asks for every page so", async () => {
  const { client, directory } = await readingRig();
  directory.pages = [{ kind: "page", locks: [], nextPageToken: "more" }];
  for await (const _ of client.list("a", { consistency: "cached" })) throw new Error("an entry");
  expect(directory.asked).toMatchObject([
    { pageToken: "", consistency: "cached" },
    { pageToken: "more", consistency: "cached" },
  ]);
});

test("a force release names its actor and reason, and repeats under one request id", async () => {
  const rig = await rigOf();
  const forcing = rig.client.forceRelease("order", { reason: "stuck" });
  await rig.clock.advance(0);
  const first = rig.net.next("force-release");
  expect(first.command).toMatchObject({ actor: "test", reason: "stuck" });
  first.answer(failure("UNKNOWN_OUTCOME", "Lost."));
  await rig.clock.advance(1_000);
  const second = rig.net.next("force-release");
  expect(second.command.requestId).toBe(first.command.requestId);
  second.answer({ kind: "force-released", released: [tenant] });
  expect(await forcing).toEqual({ holders: [tenant], holderCount: 1 });
});

test("a force release of more holders than are named says how many there were", async () => {
  const rig = await rigOf();
  const forcing = rig.client.forceRelease("order", { reason: "stuck" });
  await rig.clock.advance(0);
  rig.net
    .next("force-release")
    .answer({ kind: "force-released", released: [tenant], releasedCount: 4_000 });
  expect(await forcing).toEqual({ holders: [tenant], holderCount: 4_000 });
});

test("a call ends in time, however long it has waited for a router that is silent then", async () => {
  const rig = await rigOf({ requestTimeout: 3_000, endpoints: ["a:1"] });
  rig.net.down("a:1");
  let told: string | undefined;
  void codeOf(rig.client.get("order")).then((code) => {
    told = code;
  });
  await rig.clock.advance(2_000);
  rig.net.up("a:1");
  await rig.clock.advance(900);
  expect(rig.net.pending("get")).toHaveLength(1);
  await rig.clock.advance(200);
  expect(told).toBe("UNKNOWN_OUTCOME");
});
