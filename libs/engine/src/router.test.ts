import { Cancellation } from "@holdfast/base/cancellation";
import { failure } from "@holdfast/base/failure";
import type { RequestId, SessionId } from "@holdfast/base/ids";
import type { AcquireCommand, Command } from "@holdfast/core/command/command";
import type { OutcomeOf } from "@holdfast/core/command/outcome";
import { expect, test } from "vitest";
import { CachedReads } from "./cached-reads.ts";
import { MemoryCache } from "./memory/memory-cache.ts";
import { MemoryMeter } from "./memory/memory-meter.ts";
import type { AcquireManyOutcome, AcquireManyRequest, Call, LockTier } from "./ports/lock-tier.ts";
import { Router } from "./router.ts";
import { call, TestRegion } from "./testing/region.ts";

/** What reached the routers of the other region, in order. */
interface Reached {
  readonly what: Command["kind"] | "many";
  readonly call: Call;
}

/** A router of "here" whose only other region is "there", which answers as it is told to. */
async function routerBeside(answer: (request: AcquireManyRequest) => AcquireManyOutcome) {
  const here = new TestRegion(1);
  await here.start();
  const [local] = here.locals;
  if (local === undefined) throw new Error("no router");
  const reached: Reached[] = [];
  const there: LockTier = {
    execute: async <C extends Command>(command: C, each: Call) => {
      reached.push({ what: command.kind, call: each });
      return { ...command, kind: "opened" } as unknown as OutcomeOf<C>;
    },
    acquireMany: async (request, each) => {
      reached.push({ what: "many", call: each });
      return answer(request);
    },
    list: async () => failure("UNIMPLEMENTED", "not here"),
    watch: async () => failure("UNIMPLEMENTED", "not here"),
  };
  return { here, reached, router: new Router({ local, peers: new Map([["there", there]]) }) };
}

function acquires(names: readonly string[], session?: SessionId): AcquireCommand[] {
  return names.map((name) => ({
    kind: "acquire",
    lock: { region: "there", namespace: "default", name },
    scope: "local",
    mode: "exclusive",
    requestId: `r-${name}` as RequestId,
    ...(session === undefined ? { ttlMs: 5_000 } : { session }),
    waitMs: 0,
    owner: "test",
    metadata: {},
  }));
}

const cancelled: (request: AcquireManyRequest) => AcquireManyOutcome = (request) => ({
  kind: "many",
  outcomes: request.acquires.map(() => ({ kind: "cancelled" })),
});

test("several locks of another region go there in one call, with its caller", async () => {
  const asked: AcquireManyRequest[] = [];
  const { router, reached } = await routerBeside((request) => {
    asked.push(request);
    return cancelled(request);
  });
  const request = { acquires: acquires(["a", "b", "c"]), allOrNothing: true };
  const cancellation = new Cancellation();
  const many = await router.acquireMany(request, { ...call(), cancellation, deadlineMs: 9 });
  expect(many).toEqual(cancelled(request));
  expect(asked).toEqual([request]);
  expect(reached).toMatchObject([{ what: "many", call: { hops: 1, deadlineMs: 9 } }]);
  expect(reached[0]?.call.cancellation).toBe(cancellation);
});

test("a session is made known in the region before several locks are asked for under it", async () => {
  const { here, router, reached } = await routerBeside(cancelled);
  const request = { acquires: acquires(["a", "b"], await here.open()), allOrNothing: true };
  await router.acquireMany(request, call());
  expect(reached.map(({ what }) => what)).toEqual(["open-session", "many"]);
});

test("a session that does not live here is for the lock's region to judge", async () => {
  const { router, reached } = await routerBeside(cancelled);
  const stranger = "S".repeat(22) as SessionId;
  await router.acquireMany({ acquires: acquires(["a"], stranger), allOrNothing: false }, call());
  expect(reached.map(({ what }) => what)).toEqual(["many"]);
});

for (const allOrNothing of [true, false]) {
  test(`a lost answer leaves each of several locks in doubt (all or nothing: ${allOrNothing})`, async () => {
    const lost = failure("UNKNOWN_OUTCOME", "The connection broke.");
    const { router } = await routerBeside(() => lost);
    const many = await router.acquireMany({ acquires: acquires(["a", "b"]), allOrNothing }, call());
    expect(many).toEqual({ kind: "many", outcomes: [lost, lost] });
  });
}

test("a region that cannot be reached refuses each of several locks", async () => {
  const away = failure("SHARD_UNAVAILABLE", "Out of reach.");
  const { router } = await routerBeside(() => away);
  const request = { acquires: acquires(["a", "b"]), allOrNothing: true };
  expect(await router.acquireMany(request, call())).toEqual({
    kind: "many",
    outcomes: [away, away],
  });
  const onward = await router.acquireMany(request, { ...call(), hops: 1 });
  expect(onward).toMatchObject({ outcomes: [{ code: "SHARD_UNAVAILABLE" }, { kind: "failure" }] });
});

test("several locks of no known region are refused one by one", async () => {
  const { router, reached } = await routerBeside(cancelled);
  const [a] = acquires(["a"]);
  if (a === undefined) throw new Error("one acquire");
  const nowhere = { ...a, lock: { ...a.lock, region: "nowhere" } };
  const many = await router.acquireMany({ acquires: [nowhere], allOrNothing: false }, call());
  expect(many).toMatchObject({ outcomes: [{ code: "INVALID_ARGUMENT", field: "region" }] });
  expect(reached).toEqual([]);
});

/** A router with a coordinator that answers everything with the same failure. */
async function routerWithCoordinator() {
  const { here } = await routerBeside(cancelled);
  const [local] = here.locals;
  if (local === undefined) throw new Error("no router");
  const reached: Reached[] = [];
  const passed = failure("CONTENDED", "it got through");
  const global: LockTier = {
    execute: async <C extends Command>(command: C, each: Call) => {
      reached.push({ what: command.kind, call: each });
      return passed as OutcomeOf<C>;
    },
    acquireMany: async (_, each) => {
      reached.push({ what: "many", call: each });
      return passed;
    },
    list: async () => passed,
    watch: async () => passed,
  };
  return { reached, router: new Router({ local, peers: new Map(), global }) };
}

const everywhere = { region: "global", namespace: "default", name: "a" };
const place = { region: "global", namespace: "default", prefix: "" };

test("all that is asked about global locks goes to a coordinator", async () => {
  const { router, reached } = await routerWithCoordinator();
  const passed = { message: "it got through" };
  expect(await router.execute({ kind: "get", lock: everywhere }, call())).toMatchObject(passed);
  const requestId = "r" as RequestId;
  const open = { kind: "open-session", region: "global", ttlMs: 9_000, requestId } as const;
  expect(await router.execute(open, call())).toMatchObject(passed);
  const list = { ...place, pageSize: 1, pageToken: "" };
  expect(await router.list(list, call())).toMatchObject(passed);
  const watch = { region: "global", namespace: "default", name: "a", prefix: false };
  const watching = router.watch({ ...watch, withCurrent: false }, () => {}, call());
  expect(await watching).toMatchObject(passed);
  expect(reached.map(({ what }) => what)).toEqual(["get", "open-session"]);
});

test("a router does not pass on to a coordinator what another router passed on to it", async () => {
  const { router, reached } = await routerWithCoordinator();
  const forwarded = { ...call(), hops: 1 };
  const outcome = await router.execute({ kind: "get", lock: everywhere }, forwarded);
  expect(outcome).toMatchObject({ code: "SHARD_UNAVAILABLE" });
  expect(reached).toEqual([]);
});

test("what a reader can do with goes along to where the lock is", async () => {
  const here = new TestRegion(1);
  await here.start();
  const [local] = here.locals;
  if (local === undefined) throw new Error("no router");
  const asked: unknown[] = [];
  const there: LockTier = {
    execute: async <C extends Command>(command: C) => {
      asked.push(command);
      return failure("CONTENDED", "it got there") as OutcomeOf<C>;
    },
    list: async (query) => {
      asked.push(query);
      return failure("CONTENDED", "it got there");
    },
    acquireMany: async () => failure("CONTENDED", "it got there"),
    watch: async () => undefined,
  };
  const cache = new MemoryCache(here.clock);
  const cached = new CachedReads({ cluster: "test", local, cache, meter: new MemoryMeter() });
  const peers = new Map([["there", there]]);
  const router = new Router({ local, peers, global: there, cached });
  const lock = { region: "there", namespace: "default", name: "a" };
  const consistency = "cached";
  await router.execute({ kind: "get", lock, consistency }, call());
  await router.execute({ kind: "get", lock: everywhere, consistency }, call());
  await router.list({ ...place, pageSize: 1, pageToken: "", consistency }, call());
  expect(asked).toMatchObject([{ lock, consistency }, { consistency }, { consistency }]);
});

test("a router without a coordinator says what to set", async () => {
  const { router } = await routerBeside(cancelled);
  const unset = {
    code: "UNIMPLEMENTED",
    message: expect.stringContaining("HOLDFAST_COORDINATORS"),
  };
  expect(await router.execute({ kind: "get", lock: everywhere }, call())).toMatchObject(unset);
  const list = { ...place, pageSize: 1, pageToken: "" };
  expect(await router.list(list, call())).toMatchObject(unset);
});
