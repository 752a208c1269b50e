import type { RequestId } from "@holdfast/base/ids";
import { integerBelow, SeededRandom } from "@holdfast/base/random";
import type { AuditEvent } from "@holdfast/core/audit/event";
import type { Grant } from "@holdfast/core/command/outcome";
import { decodeHolder } from "@holdfast/core/delegation/local-record";
import { globalRegion, lockKey } from "@holdfast/core/lock/lock-id";
import { printBallot } from "@holdfast/core/quorum/ballot";
import { decodeAccepted } from "@holdfast/core/quorum/register-codec";
import { lockOfAccepted, parseGrantKey } from "@holdfast/core/quorum/register-keys";
import { afterEach, expect, test } from "vitest";
import { AuditReader } from "./testing/audit-reader.ts";
import { AuditReplay } from "./testing/audit-replay.ts";
import { GlobalRig, rigRegions } from "./testing/global-rig.ts";

const lock = { region: globalRegion, namespace: "default", name: "l" };
const ends: (() => void)[] = [];

type RegionName = (typeof rigRegions)[number];

afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

/** Three regions, and what the history of each says of the lock. */
async function setUp() {
  const rig = new GlobalRig();
  await rig.start();
  ends.push(() => rig.stop());
  const readers = new Map(
    rigRegions.map((region) => {
      const shards = [...rig.local(region).context.shards.values()];
      return [region, shards.map(({ store }) => new AuditReader(store, region))];
    }),
  );
  const told = (region: RegionName) =>
    (readers.get(region) ?? []).flatMap((reader) => reader.toldOfLocks);
  const eventsIn = (region: RegionName) =>
    (readers.get(region) ?? []).flatMap((reader) => reader.events);
  const events = () => [...readers.values()].flat().flatMap((reader) => reader.events);
  const client = async (region: RegionName) => {
    const session = await rig.open(region);
    const stop = rig.keepAlive(session);
    ends.push(stop);
    return { session, stop };
  };
  return { rig, told, events, eventsIn, client };
}

/** The regions that showed each ballot that said so. */
function regionsByBallot(events: readonly AuditEvent[], kind: AuditEvent["kind"]): string[][] {
  const regions = new Map<string, string[]>();
  for (const event of events) {
    if (event.kind !== kind || !("ballot" in event) || event.ballot === undefined) continue;
    const ballot = printBallot(event.ballot);
    regions.set(ballot, [...(regions.get(ballot) ?? []), event.region]);
  }
  return [...regions.values()];
}

test("a global grant and its release are told by each region, under one ballot each", async () => {
  const { rig, told, events, client } = await setUp();
  const { session } = await client("east");
  const grant = await rig.grant("east", { session, owner: "a" });
  await rig.release("east", grant);
  await rig.clock.advance(500);
  for (const region of rigRegions) {
    expect(told(region)).toEqual(["GlobalGranted a", "GlobalReleased a released"]);
  }
  for (const kind of ["GlobalGranted", "GlobalReleased"] as const) {
    expect(regionsByBallot(events(), kind)).toEqual([[...rigRegions]]);
  }
  const granted = events().filter(({ kind }) => kind === "GlobalGranted");
  const { grantId, token } = grant;
  for (const event of granted) {
    expect(event).toMatchObject({ lock, grantId, token, version: 1, home: "east", ttlMs: 10_000 });
  }
});

test("a lock that is taken over from a client that is gone is told so, and by whom it is held", async () => {
  const { rig, told, client } = await setUp();
  const gone = await client("east");
  await rig.grant("east", { session: gone.session, owner: "gone" });
  const { session } = await client("west");
  const waiting = rig.ask("west", { session, owner: "next", waitMs: 60_000 });
  await rig.clock.advance(1_000);
  gone.stop();
  await rig.clock.advance(20_000);
  expect(waiting).toHaveLength(1);
  expect(told("north")).toEqual([
    "GlobalGranted gone",
    "WaiterQueued next",
    "GlobalTakenOver gone lost",
    "GlobalGranted next",
  ]);
});

test("a forced release of a global lock is told as forced, with the next holder after it", async () => {
  const { rig, told, client } = await setUp();
  const { session } = await client("east");
  await rig.grant("east", { session, owner: "a" });
  rig.ask("west", { session, owner: "b", waitMs: 60_000 });
  await rig.clock.advance(500);
  const requestId = "f" as RequestId;
  const who = { actor: "ops", reason: "stuck", requestId };
  await rig.run("west", { kind: "force-release", lock, ...who });
  await rig.clock.advance(500);
  expect(told("west").slice(2)).toEqual(["GlobalForceReleased a forced", "GlobalGranted b"]);
});

test("one that leaves the register's line leaves it in each region", async () => {
  const { rig, told, client } = await setUp();
  const { session } = await client("east");
  await rig.grant("east", { session, owner: "a" });
  const outcome = await rig.run("west", rig.acquire({ session, owner: "late", waitMs: 1_000 }));
  expect(outcome.kind).not.toBe("granted");
  await rig.clock.advance(500);
  for (const region of rigRegions) {
    expect(told(region).slice(1)).toEqual(["WaiterQueued late", "WaiterLeft late withdrawn"]);
  }
});

test("a region that was away tells in one step what it missed", async () => {
  const { rig, told, events, client } = await setUp();
  const { session } = await client("east");
  rig.isolate("north");
  const grant = await rig.grant("east", { session, owner: "a" });
  const waiting = rig.ask("west", { session, owner: "b", waitMs: 60_000 });
  await rig.clock.advance(1_000);
  await rig.release("east", grant);
  // Longer than any of what it missed is sent again.
  await rig.clock.advance(60_000);
  expect(told("north")).toEqual([]);
  rig.isolate("north", false);
  const [outcome] = waiting;
  if (outcome?.kind !== "granted") throw new Error("b waited for a");
  await rig.release("west", outcome.grant);
  await rig.clock.advance(1_000);
  expect(told("west")).toEqual([
    "GlobalGranted a",
    "WaiterQueued b",
    "GlobalReleased a released",
    "GlobalGranted b",
    "GlobalReleased b released",
  ]);
  // It never had a tenure that could end, but its ballot counts with the others.
  expect(told("north")).toEqual(["GlobalAccepted"]);
  const released = events().filter(({ kind }) => kind === "GlobalReleased");
  const { ballot } = released.at(-1) as { ballot?: object };
  expect(events().find(({ kind }) => kind === "GlobalAccepted")).toMatchObject({ ballot });
});

test("a delegation is told by the register, and its grants by the shard that gives them", async () => {
  const { rig, told, events, client } = await setUp();
  const { session } = await client("east");
  for (let times = 0; times < 2; times++) {
    await rig.release("east", await rig.grant("east", { session, owner: "r" }));
  }
  const first = await rig.grant("east", { session, owner: "a", waitMs: 1_000 });
  rig.ask("east", { session, owner: "b", waitMs: 60_000 });
  await rig.clock.advance(500);
  rig.ask("east", { session, owner: "c", waitMs: 1_000 });
  await rig.clock.advance(2_000);
  await rig.release("east", first);
  await rig.clock.advance(500);
  const here = told("east").slice(4);
  expect(here.filter((line) => !line.startsWith("Delegation"))).toEqual([
    "WaiterQueued a",
    "DelegatedGranted a",
    "WaiterQueued b",
    "WaiterQueued c",
    "WaiterLeft c withdrawn",
    "DelegatedReleased a released",
    "DelegatedGranted b",
  ]);
  expect(here.filter((line) => line.startsWith("DelegationGiven"))).toHaveLength(1);
  expect(
    told("west")
      .slice(4)
      .map((line) => line.split(" ")[0]),
  ).toEqual(["DelegationGiven"]);
  const granted = events().filter(({ kind }) => kind === "DelegatedGranted");
  expect(granted).toMatchObject([
    { lock, token: first.token, region: "east" },
    { lock, token: first.token + 1n, from: first.grantId, queuedAt: expect.any(BigInt) },
  ]);
});

test("a delegated grant whose client is gone is lost, and the line goes on", async () => {
  const { rig, told, client } = await setUp();
  const gone = await client("east");
  for (let times = 0; times < 2; times++) {
    await rig.release("east", await rig.grant("east", { session: gone.session, owner: "r" }));
  }
  await rig.grant("east", { session: gone.session, owner: "gone", waitMs: 1_000 });
  const { session } = await client("east");
  rig.ask("east", { session, owner: "next", waitMs: 60_000 });
  await rig.clock.advance(500);
  gone.stop();
  await rig.clock.advance(20_000);
  const here = told("east").filter((line) => /gone|next/.test(line));
  expect(here).toEqual([
    "WaiterQueued gone",
    "DelegatedGranted gone",
    "WaiterQueued next",
    "DelegatedLost gone expired",
    "DelegatedGranted next",
  ]);
});

test("a delegation that is recalled ends, and the register grants again", async () => {
  const { rig, told, client } = await setUp();
  const { session } = await client("east");
  for (let times = 0; times < 2; times++) {
    await rig.release("east", await rig.grant("east", { session, owner: "r" }));
  }
  const held = await rig.grant("east", { session, owner: "a", waitMs: 1_000 });
  const other = await client("west");
  rig.ask("west", { session: other.session, owner: "far", waitMs: 60_000 });
  await rig.clock.advance(5_000);
  await rig.release("east", held);
  await rig.clock.advance(5_000);
  const names = told("west")
    .slice(4)
    .map((line) => line.replace(/^(Delegation\w+) \S+/, "$1"));
  expect(names).toEqual([
    "DelegationGiven",
    "WaiterQueued far",
    "DelegationEnded cancelled",
    "GlobalGranted far",
  ]);
});

/** What a region's stores have of global locks, as {@link AuditReplay} says it. */
async function standingIn(rig: GlobalRig, region: RegionName): Promise<string[]> {
  const texts: string[] = [];
  for (const { store } of rig.local(region).context.shards.values()) {
    const reply = await store.range({ kind: "range", key: "g/", rangeEnd: "g0" });
    for (const kv of reply.kind === "read" ? reply.range.kvs : []) {
      const voted = lockOfAccepted(kv.key);
      const value = voted && decodeAccepted(kv.value)?.value;
      for (const { grantId, token } of value?.holders ?? []) {
        texts.push(`holder global/default/${voted?.name} ${grantId} ${token}`);
      }
      for (const { grantId } of value?.waiters ?? []) {
        texts.push(`place global/default/${voted?.name} ${grantId} in the register`);
      }
      const own = parseGrantKey(kv.key);
      const what = `global/default/${own?.name} ${own?.grantId}`;
      if (own?.kind === "h") texts.push(`holder ${what} ${decodeHolder(kv.value)?.token}`);
      if (own?.kind === "q") texts.push(`place ${what} in the shard`);
    }
  }
  return texts.sort();
}

/** Ballots that two regions have shown, as text. */
function chosenBallots(events: readonly AuditEvent[]): Set<string> {
  const regions = new Map<string, Set<string>>();
  for (const event of events) {
    if (!("ballot" in event) || event.ballot === undefined) continue;
    const ballot = `${lockKey(event.lock)} ${printBallot(event.ballot)}`;
    regions.set(ballot, (regions.get(ballot) ?? new Set()).add(event.region));
  }
  return new Set([...regions].filter(([, by]) => by.size > 1).map(([ballot]) => ballot));
}

test.each([1, 2, 3, 4])(
  "what each region tells adds up to its copies, and what two tell was granted (seed %i)",
  async (seed) => {
    const { rig, events, eventsIn, client } = await setUp();
    const random = new SeededRandom(seed);
    const pick = <T>(items: readonly T[]) => items[integerBelow(random, items.length)] as T;
    const clients = await Promise.all(
      rigRegions.map(async (region) => ({ region, ...(await client(region)) })),
    );
    const granted: Grant[] = [];
    for (let turn = 0; turn < 60; turn++) {
      const { region, session } = pick(clients);
      const name = pick(["l", "m"]);
      const command = rig.acquire({
        session,
        owner: `${turn}`,
        waitMs: pick([0, 2_000, 20_000]),
        mode: pick(["shared", "exclusive", "exclusive"] as const),
        lock: { ...lock, name },
      });
      void rig.begin(region, command).then((outcome) => {
        if (outcome.kind !== "granted") return;
        granted.push(outcome.grant);
        rig.clock.schedule(integerBelow(random, 1_500), () => {
          void rig.begin(region, { kind: "release", repeated: false, ...outcome.grant });
        });
      });
      if (turn % 15 === 5) rig.isolate(pick(rigRegions));
      if (turn % 15 === 12) for (const each of rigRegions) rig.isolate(each, false);
      if (turn === 40) clients[integerBelow(random, 3)]?.stop();
      await rig.clock.advance(integerBelow(random, 1_200));
    }
    await rig.clock.advance(2_000);
    for (const region of rigRegions) {
      const standing = new AuditReplay(eventsIn(region)).standing;
      expect(standing).toEqual(await standingIn(rig, region));
    }
    const chosen = chosenBallots(events());
    const begun = new Set(
      events().flatMap((event) => {
        if (event.kind === "DelegatedGranted") return [`${event.grantId} ${event.token}`];
        if (event.kind !== "GlobalGranted") return [];
        const ballot = `${lockKey(event.lock)} ${printBallot(event.ballot)}`;
        return chosen.has(ballot) ? [`${event.grantId} ${event.token}`] : [];
      }),
    );
    expect(granted.length).toBeGreaterThan(8);
    for (const { grantId, token } of granted) expect(begun).toContain(`${grantId} ${token}`);
  },
);
