import { setTimeout as sleep } from "node:timers/promises";
import { compareBytes, utf8, utf8Text } from "@holdfast/base/bytes";
import { integerBelow, SeededRandom } from "@holdfast/base/random";
import { Holdfast } from "@holdfast/client/holdfast";
import { attemptsTopic } from "@holdfast/engine/attempts/attempt-stream";
import { eventsTopic } from "@holdfast/engine/event-record";
import type { EventRecord } from "@holdfast/engine/ports/event-log";
import type { LedgerRow } from "@holdfast/engine/ports/ledger";
import { EventScript, lockNamed } from "@holdfast/engine/testing/event-script";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { diskHasSpace, diskIsFull } from "../../contract/ledgers.ts";
import { startRouter } from "../cached-reads/router-process.ts";
import { etcdMissing, startEtcd } from "../etcd-server.ts";
import { JournaledShard } from "../journal/journal-stand.ts";
import { workOnLocks } from "../journal/lock-workload.ts";
import { Region } from "../region.ts";
import { until } from "../until.ts";
import { AuditStand, chainOf, execute, standMissing } from "./audit-stand.ts";
import type { AuditorProcess } from "./auditor-process.ts";

const seed = Number(process.env.HOLDFAST_SEED ?? Math.floor(performance.timeOrigin) % 1_000_000);
const everything = { fromMs: 0, toMs: Date.UTC(2100, 0, 1), limit: 100 };

describe.skipIf((standMissing ?? etcdMissing) !== undefined)("an auditor", () => {
  let stand: AuditStand;
  beforeAll(async () => {
    stand = await AuditStand.start();
  });
  afterEach(() => stand.stopAuditors());
  afterAll(() => stand?.[Symbol.asyncDispose]());

  /** Tenures of some locks, one after the other. */
  function tenures(script: EventScript, count: number): EventRecord[] {
    return Array.from({ length: count }, (_, at) =>
      script.tenure(`lock-${at % 50}`, `grant-${script.count}-${at}`),
    ).flat();
  }

  /** The rows of a script are there, each once, in the order of the chain and as they were. */
  async function expectAll(
    ledger: ReturnType<AuditStand["ledger"]>,
    script: EventScript,
    records: readonly EventRecord[],
    withinMs = 30_000,
  ) {
    const all = async () => (await chainOf(ledger, script.cluster)).length >= records.length;
    await until(`${records.length} rows of ${script.cluster}`, all, withinMs);
    const rows = await chainOf(ledger, script.cluster);
    expect(rows.length).toBe(records.length);
    expect(rows.every(({ sequence }, at) => sequence === BigInt(at + 1))).toBe(true);
    const isSame = (row: (typeof rows)[number], at: number) =>
      Buffer.compare(row.line, records[at]?.value ?? new Uint8Array()) === 0;
    expect(rows.every(isSame)).toBe(true);
  }

  async function expectNothingOdd(ledger: ReturnType<AuditStand["ledger"]>) {
    expect(await ledger.violations(everything)).toEqual({ kind: "list", items: [] });
    expect(await ledger.parked({ limit: 100 })).toEqual({ kind: "list", items: [] });
  }

  it("refuses a database it may not use, and waits for whatever is not there yet", async () => {
    const url = await stand.newDatabase();
    const stranger = await stand.auditor(url.replace(":stand@", ":wrong@"));
    stranger.start();
    await until("it ends", () => !stranger.running, 20_000);
    expect(stranger.describeFailure()).toMatch(/exit code 78/);
    expect(stranger.lines.at(-1)?.message).toMatch(/HOLDFAST_POSTGRES: .*password/);
    const lost = await stand.auditor(url, "127.0.0.1:1");
    lost.start();
    await stand.database.process.kill();
    const auditor = await stand.auditor(url);
    auditor.start();
    const saying = (process: AuditorProcess, text: string) => () =>
      process.lines.some(({ action, message }) => action === "waiting" && message.includes(text));
    await until("it waits for Postgres", saying(auditor, "ECONNREFUSED"), 20_000);
    await stand.database.process.restart();
    await until("it waits for the topic", saying(auditor, "there is no topic"), 20_000);
    expect((await auditor.health())[0]).toBe(503);
    await until("the other waits for Kafka", saying(lost, "Kafka"), 30_000);
    expect(lost.running).toBe(true);
    await lost.kill();
    await stand.createTopic(eventsTopic, 6);
    expect(await auditor.waitReady()).toBe(true);
    await until("it is well", async () => (await auditor.health())[0] === 200, 20_000);
    await auditor.stop();
    expect(auditor.describeFailure()).toMatch(/exit code 0/);
    await execute(url, "insert into holdfast.schema_versions values (99, 'of the future')");
    auditor.start();
    await until("it ends", () => !auditor.running, 20_000);
    expect(auditor.describeFailure()).toMatch(/exit code 78/);
  });

  it("finds a planted double grant within 5 s, and parks a newer writer's record", async () => {
    const url = await stand.newDatabase();
    const auditor = await stand.auditor(url);
    await auditor.begin();
    const ledger = stand.ledger(url);
    const script = new EventScript({ shard: "planted" });
    const before = [...script.tenure("l", "first"), script.granted("l", "second")];
    await stand.produce(before);
    await expectAll(ledger, script, before);
    const newer = { key: utf8("other/lock"), value: utf8('{"v":2,"kind":"New"}'), headers: {} };
    const plantedAtMs = performance.now();
    await stand.produce([newer, script.granted("l", "planted")]);
    const found = async () => {
      const list = await ledger.violations(everything);
      return list.kind === "list" ? list.items : [];
    };
    await until("it is found", async () => (await found()).length > 0, 20_000);
    expect(performance.now() - plantedAtMs).toBeLessThan(5_000);
    expect(await found()).toMatchObject([{ rule: "two-exclusive", lock: lockNamed("l") }]);
    const name = 'holdfast_safety_violations_total{rule="two-exclusive"}';
    expect(await auditor.count(name)).toBe(1);
    const lines = auditor.lines.filter(({ action }) => action === "violation");
    expect(lines).toMatchObject([{ level: "error", rule: "two-exclusive" }]);
    const parked = await ledger.parked({ limit: 10 });
    expect(parked).toMatchObject({ items: [{ reason: "unknown-version" }] });
  });

  it("has beside it routers that tell what they refuse, and wait for no broker", async () => {
    await stand.createTopic(attemptsTopic, 2);
    const settings = { HOLDFAST_STORE: "memory", HOLDFAST_KAFKA: stand.broker.endpoint };
    await using router = await startRouter("", { ...settings, HOLDFAST_SHARDS: "s0" });
    const holdfast = await Holdfast.connect({ endpoints: [router.endpoint], owner: "asker" });
    const lock = await holdfast.acquire("taken");
    for (let tries = 0; tries < 20; tries++) await holdfast.tryAcquire("taken");
    const records = await stand.read(attemptsTopic, 20);
    const told = records.map(({ value }) => JSON.parse(utf8Text(value)) as Record<string, unknown>);
    expect(told.map(({ number }) => number)).toEqual(told.map((_, at) => at + 1));
    const refused = { asked: "acquire", outcome: "held", owner: "asker", waitMs: 0 };
    expect(told).toHaveLength(20);
    expect(told.at(-1)).toMatchObject({ v: 1, ...refused, lock: "here/default/taken" });
    await stand.broker.process.kill("SIGSTOP");
    const beganMs = performance.now();
    for (let tries = 0; tries < 300; tries++) await holdfast.tryAcquire("taken");
    expect(performance.now() - beganMs).toBeLessThan(5_000);
    await lock.release();
    await stand.broker.process.kill("SIGCONT");
    expect(await router.count("holdfast_attempts_total")).toBe(320);
    expect(await router.count("holdfast_attempts_dropped_total")).toBe(0);
    await holdfast.close();
  });

  it("waits for a Postgres whose disk is full, says so, and goes on when it is not", async () => {
    const url = await stand.newDatabase();
    const auditor = await stand.auditor(url);
    await auditor.begin();
    const ledger = stand.ledger(url);
    await execute(url, diskIsFull);
    const script = new EventScript({ shard: "full" });
    const records = tenures(script, 100);
    await stand.produce(records);
    const isWaiting = async () => (await auditor.health())[1].startsWith("waits for the ledger");
    await until("it waits", isWaiting, 20_000);
    expect((await auditor.health())[0]).toBe(503);
    expect(await auditor.count('holdfast_audit_waiting{for="ledger"}')).toBe(1);
    await execute(url, diskHasSpace);
    await expectAll(ledger, script, records);
    const isWell = async () => (await auditor.health())[0] === 200;
    await until("it is well", isWell, 20_000);
  });

  it(`has what etcd did, no more and no less, whoever is killed, and finds what is planted there (seed ${seed})`, async () => {
    const url = await stand.newDatabase();
    await using etcd = await startEtcd();
    await using region = await new Region({ urls: [etcd.url] }).start();
    await using shard = new JournaledShard(etcd, region, stand.folder, stand.broker.endpoint);
    const journal = shard.journal();
    journal.start();
    const auditor = await stand.auditor(url);
    await auditor.begin();
    const ledger = stand.ledger(url);
    const random = new SeededRandom(seed);
    let isOver = false;
    const work = workOnLocks(region, random, () => isOver);
    const victims = [auditor, stand.broker.process, journal, stand.database.process, auditor];
    for (const victim of victims) {
      await sleep(300 + integerBelow(random, 1_500));
      await victim.restart({ wait: victim === stand.database.process });
    }
    isOver = true;
    await work;
    const cluster = await shard.told();
    const done = (await shard.checkpoint())?.done.head.sequence ?? 0n;
    const all = async () => BigInt((await chainOf(ledger, cluster)).length) >= done;
    await until(`all ${done} rows`, all, 40_000);
    const rows = await chainOf(ledger, cluster);
    expect(tenuresIn(rows)).toEqual(historyOf(shard));
    expect(rows.length).toBeGreaterThan(200);
    const isLinked = ({ sequence, previousHash }: LedgerRow, at: number) =>
      sequence === BigInt(at + 1) &&
      (at === 0 || compareBytes(previousHash, rows[at - 1]?.hash ?? previousHash) === 0);
    expect(rows.every(isLinked)).toBe(true);
    await expectNothingOdd(ledger);

    const session = await region.open();
    const { grantId } = await region.grant("planted", { session });
    const held = (await region.keys("x/")).find(({ key }) => key.includes(grantId));
    if (held === undefined) throw new Error("the lock is held");
    const key = held.key.replace(grantId, "AAAAAAAAAAAAAAAAAAAAAA");
    const success = [{ kind: "put", key, value: held.value, lease: 0n }] as const;
    const plantedAtMs = performance.now();
    await region.store().commit({ compares: [], success, failure: [] });
    const found = async () => {
      const list = await ledger.violations(everything);
      return list.kind === "list"
        ? list.items.map(({ rule, lock }) => `${rule} ${lock?.name}`)
        : [];
    };
    await until("it is found", async () => (await found()).length > 0, 20_000);
    expect(performance.now() - plantedAtMs).toBeLessThan(5_000);
    expect(await found()).toEqual(["two-exclusive planted"]);
  });

  it("shares the partitions with another, whom it leaves alone in mid-batch", async () => {
    const url = await stand.newDatabase();
    const [first, second] = [await stand.auditor(url), await stand.auditor(url)];
    const script = new EventScript({ shard: "shared" });
    const records = tenures(script, 8_000);
    await stand.produce(records);
    await first.begin();
    const ledger = stand.ledger(url);
    await until("the first has begun", async () => (await head()) > 0n, 20_000);
    await second.begin();
    const shared = () => second.lines.some(({ action }) => action === "assigned");
    await until("the second has its share", shared, 20_000);
    const more = tenures(script, 2_000);
    await stand.produce(more.slice(0, 2_000));
    await first.stop();
    await stand.produce(more.slice(2_000));
    await expectAll(ledger, script, [...records, ...more]);
    await expectNothingOdd(ledger);

    async function head(): Promise<bigint> {
      const reply = await ledger.head(script.cluster);
      return (reply.kind === "head" && reply.row?.sequence) || 0n;
    }
  });
});

const beginnings = ["LockAcquired", "LockHandedOver"];
const ends = ["LockReleased", "LockExpired", "LockForceReleased"];

/** Beginnings and ends of tenures, as the ledger has them. */
function tenuresIn(rows: readonly LedgerRow[]): string[] {
  return rows
    .filter(({ kind }) => beginnings.includes(kind) || ends.includes(kind))
    .map(({ revision, lock, grantId, kind }) => {
      return `${revision} ${lock?.name} ${grantId} ${beginnings.includes(kind) ? "began" : "ended"}`;
    })
    .sort();
}

/** The same by a reader of etcd's history who knows nothing of events. */
function historyOf({ history }: JournaledShard): string[] {
  return history
    .map(({ revision, name, grantId, what }) => `${revision} ${name} ${grantId} ${what}`)
    .sort();
}
