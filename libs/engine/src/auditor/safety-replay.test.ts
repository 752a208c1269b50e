import { utf8 } from "@holdfast/base/bytes";
import { integerBelow, SeededRandom } from "@holdfast/base/random";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { expect, test } from "vitest";
import type { ConsumedRecord } from "../ports/event-log.ts";
import type { Violation } from "../ports/ledger-records.ts";
import { AuditReader } from "../testing/audit-reader.ts";
import { GlobalRig, rigRegions } from "../testing/global-rig.ts";
import { TestRegion } from "../testing/region.ts";
import { SafetyWatch } from "./safety-watch.ts";

/** Reads events as if they lay in one partition; the watch begins at the `from`th of them. */
function violationsIn(events: readonly AuditEvent[], from = 0): Violation[] {
  const watch = new SafetyWatch({ locksMax: 1_000, onRestart: () => {} });
  watch.assign(["t/0"]);
  return events.flatMap((event, offset) => {
    return offset < from ? [] : watch.check(recordAt(offset), event, 0);
  });
}

function recordAt(offset: number): ConsumedRecord {
  const content = { key: utf8("k"), value: utf8("v"), headers: {} };
  return { topic: "t", partition: 0, offset: BigInt(offset), ...content };
}

/** One order in which the events of several shards may lie in a partition. */
function merged(random: SeededRandom, shards: readonly (readonly AuditEvent[])[]): AuditEvent[] {
  const left = shards.map((events) => [...events]);
  const all: AuditEvent[] = [];
  for (;;) {
    const live = left.filter((events) => events.length > 0);
    const shard = live[integerBelow(random, live.length)];
    if (shard === undefined) return all;
    // In runs, for a region may be far behind the others.
    all.push(...shard.splice(0, 1 + integerBelow(random, 12)));
  }
}

test.each([1, 2, 3])("what a region does to its locks is no violation (seed %i)", async (seed) => {
  const region = new TestRegion(1);
  await region.start(2);
  const [store] = region.stores;
  if (store === undefined) throw new Error("a region has a shard");
  const reader = new AuditReader(store);
  const random = new SeededRandom(seed);
  const sessions = await Promise.all([0, 1, 2].map(() => region.open()));
  for (let turn = 0; turn < 120; turn++) {
    const session = sessions[integerBelow(random, sessions.length)];
    if (session === undefined) throw new Error("there are sessions");
    const mode = random.next() < 0.4 ? "shared" : "exclusive";
    const lock = { region: "here", namespace: "default", name: `l${integerBelow(random, 3)}` };
    const acquire = { session, owner: `${turn}`, waitMs: 3_000, mode, lock } as const;
    void region.acquire(acquire).then((outcome) => {
      if (outcome.kind !== "granted" || random.next() < 0.1) return;
      const heldMs = integerBelow(random, 1_500);
      region.clock.schedule(heldMs, () => void region.release(outcome.grant, session));
    });
    await region.clock.advance(integerBelow(random, 400));
    // Those who do not heartbeat lose what they hold.
    if (turn % 40 === 30) await region.clock.advance(15_000);
    if (turn % 40 === 30) sessions.splice(0, 1, await region.open());
  }
  const { events } = reader;
  expect(events.filter(({ kind }) => kind === "LockReleased").length).toBeGreaterThan(10);
  for (let from = 0; from < events.length; from += 7)
    expect(violationsIn(events, from)).toEqual([]);

  // Somebody who can write to etcd gives a held lock to a second one.
  const session = await region.open();
  const grant = await region.grant({ session, owner: "a", waitMs: 60_000 });
  await region.clock.advance(100);
  const known = events.length;
  const held = await store.range({ kind: "range", key: "x/", rangeEnd: "x0" });
  const kv = held.kind === "read" && held.range.kvs.find(({ key }) => key.includes(grant.grantId));
  if (kv === false || kv === undefined) throw new Error("the lock is held");
  const planted = kv.key.replace(grant.grantId, "AAAAAAAAAAAAAAAAAAAAAA");
  const success = [{ kind: "put", key: planted, value: kv.value, lease: 0n }] as const;
  await store.commit({ compares: [], success, failure: [] });
  await region.clock.advance(100);
  const found = violationsIn(events);
  expect(found.map(({ rule }) => rule)).toEqual(["two-exclusive"]);
  expect(found[0]?.lock).toEqual(grant.lock);
  // A watch that begins between the two finds it when the first one's tenure ends.
  expect(violationsIn(events, known)).toEqual([]);
  await region.release(grant, session);
  await region.clock.advance(100);
  expect(violationsIn(events, known).map(({ rule }) => rule)).toEqual(["unmatched-end"]);
});

test.each([1, 2, 3, 4])(
  "what three regions do to global locks is no violation, in any order (seed %i)",
  async (seed) => {
    const rig = new GlobalRig();
    await rig.start();
    const readers = rigRegions.flatMap((region) =>
      [...rig.local(region).context.shards.values()].map(
        ({ store }) => new AuditReader(store, region),
      ),
    );
    const random = new SeededRandom(seed);
    const clients = await Promise.all(
      rigRegions.map(async (region) => {
        const session = await rig.open(region);
        return { region, session, stop: rig.keepAlive(session) };
      }),
    );
    for (let turn = 0; turn < 60; turn++) {
      const client = clients[integerBelow(random, clients.length)];
      if (client === undefined) throw new Error("there are clients");
      const { region, session } = client;
      const lock = { region: globalRegion, namespace: "default", name: `l${turn % 2}` };
      const mode = random.next() < 0.3 ? "shared" : "exclusive";
      const waitMs = integerBelow(random, 10_000);
      const acquire = rig.acquire({ session, owner: `${turn}`, waitMs, mode, lock });
      void rig.begin(region, acquire).then((outcome) => {
        if (outcome.kind !== "granted") return;
        rig.clock.schedule(integerBelow(random, 1_500), () => {
          void rig.begin(region, { kind: "release", repeated: false, ...outcome.grant });
        });
      });
      if (turn % 15 === 5) rig.isolate(rigRegions[integerBelow(random, 3)] ?? "east");
      if (turn % 15 === 12) for (const each of rigRegions) rig.isolate(each, false);
      if (turn === 40) clients[0]?.stop();
      await rig.clock.advance(integerBelow(random, 1_200));
    }
    await rig.clock.advance(2_000);
    for (const { stop } of clients) stop();
    rig.stop();
    const shards = readers.map(({ events }) => events);
    expect(shards.flat().filter(({ kind }) => kind === "GlobalGranted").length).toBeGreaterThan(20);
    for (let order = 0; order < 20; order++) {
      const events = merged(random, shards);
      expect(violationsIn(events, integerBelow(random, 2) * integerBelow(random, 100))).toEqual([]);
    }
  },
);
