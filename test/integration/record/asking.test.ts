import { globalRegion } from "@holdfast/core/lock/lock-id";
import type { MemoryLedger } from "@holdfast/engine/memory/memory-ledger";
import { GlobalRig, rigRegions } from "@holdfast/engine/testing/global-rig";
import { RecordedHistory } from "@holdfast/engine/testing/recorded-history";
import { RecordedSeconds, rigHistories } from "@holdfast/engine/testing/recorded-seconds";
import { TestRegion } from "@holdfast/engine/testing/region";
import { afterEach, expect, test } from "vitest";
import { type AskedRecord, openRecord } from "./asked-record.ts";

// What the engine did to its stores, read back from their history, put into a ledger and asked by
// the command line: nothing in between is made up but the wire to Kafka.

const startMs = Date.UTC(2026, 0, 31, 12);
const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function opened(ledger: MemoryLedger): Promise<AskedRecord> {
  const record = await openRecord(ledger);
  ends.push(() => record[Symbol.asyncDispose]());
  return record;
}

test("a local lock: who held it when, what happened, and what its session did", async () => {
  const region = new TestRegion(1);
  await region.start();
  const [store] = region.stores;
  if (store === undefined) throw new Error("a region has a shard");
  const of = { cluster: "test/here/s0", region: "here", shard: "s0" };
  const history = new RecordedHistory(store, of);
  const recorded = new RecordedSeconds(region.clock, startMs, [history]);
  await recorded.pass(0);
  const session = await region.open();
  const first = await region.grant({ session, owner: "alice" });
  void region.acquire({ owner: "bob", ttlMs: 60_000, waitMs: 60_000 });
  await recorded.pass(5);
  await region.release(first, session);
  await recorded.pass(9);
  const { ask } = await opened(recorded.ledger);

  const at = await ask("at", "l", "2026-01-31T12:00:03", "--region", "here", "-o", "json");
  expect(at).toMatchObject({ code: 0, stderr: "" });
  const { holders, state } = JSON.parse(at.stdout);
  expect(state).toBe("held");
  expect(holders).toMatchObject([
    { owner: "alice", token: first.token.toString(), grantedBy: "shard", region: "here" },
  ]);
  const table = await ask("at", "l", "2026-01-31T12:00:06", "--region", "here");
  expect(table.stdout).toMatch(/^state +held$/m);
  expect(table.stdout).toMatch(/^bob +exclusive +\d+ +2026-01-31 12:00:05 /m);

  const window = ["--region", "here", "--from", "2026-01-31", "-o", "json"];
  const timeline = JSON.parse((await ask("timeline", "l", ...window)).stdout);
  expect(
    timeline.events.map(({ kind, owner }: Record<string, string>) => `${kind} ${owner}`),
  ).toEqual(["LockAcquired alice", "WaiterQueued bob", "LockReleased alice", "LockHandedOver bob"]);
  const did = JSON.parse((await ask("session", "--id", session, "-o", "json")).stdout);
  expect(did.events.map(({ kind }: { kind: string }) => kind)).toEqual([
    "SessionOpened",
    "LockAcquired",
    "LockReleased",
  ]);
  const contended = await ask("contended", "--from", "start");
  expect(contended.stdout).toMatch(/^l +here +default +1$/m);
});

test("a global lock: its quorum, an export that verifies, and a tail", async () => {
  const rig = new GlobalRig();
  await rig.start();
  ends.push(() => rig.stop());
  const recorded = new RecordedSeconds(rig.clock, startMs, rigHistories(rig, "test"));
  const { histories } = recorded;
  const session = await rig.open("east");
  ends.push(rig.keepAlive(session));
  await recorded.pass(0);
  const grant = await rig.grant("east", { session, owner: "alice" });
  await recorded.pass(5);
  await rig.release("east", grant);
  await recorded.pass(9);
  const { ask, server } = await opened(recorded.ledger);

  const at = await ask("at", "l", "2026-01-31T12:00:03", "--global", "-o", "json");
  expect(JSON.parse(at.stdout)).toMatchObject({
    region: globalRegion,
    state: "held",
    complete: true,
    holders: [
      {
        owner: "alice",
        token: grant.token.toString(),
        grantedBy: "quorum",
        quorum: { regions: [...rigRegions] },
      },
    ],
  });
  const timeline = await ask("timeline", "l", "--global", "--from", "start");
  expect(timeline.stdout.split("\n").slice(1, -1)).toEqual([
    expect.stringMatching(/GlobalGranted .* alice .* east\+north\+west$/),
    expect.stringMatching(/GlobalReleased .* alice .* released +east\+north\+west$/),
  ]);

  const verified = await ask("verify", "-o", "json");
  expect(verified.code).toBe(0);
  const { chains } = JSON.parse(verified.stdout);
  const heads = chains.map(({ head }: { head: string }) => head);
  expect(heads).toHaveLength(new Set(histories.filter(({ rows }) => rows.length > 0)).size);
  const again = await ask("verify", "--head", ...heads, "-o", "json");
  expect(JSON.parse(again.stdout)).toMatchObject({ intact: true });

  const exported = await ask("export", "--from", "start");
  expect(exported.code).toBe(0);
  const lines = exported.stdout.trimEnd().split("\n");
  expect(lines).toHaveLength(histories.flatMap(({ rows }) => rows).length);

  const tail = ask("tail", "l", "--from", "start", "--kind", "GlobalGranted", "-o", "json");
  await expect.poll(() => server.streamCount, { timeout: 10_000 }).toBe(1);
  await server.drain(1_000);
  const { stdout, code } = await tail;
  expect(code).toBe(69);
  expect(stdout.trimEnd().split("\n")).toHaveLength(3);
});
