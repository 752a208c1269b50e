import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import type { ToolName } from "@holdfast/toolchain/tool";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { execute } from "../contract/postgres-under-test.ts";
import { repository, whyNoEtcd } from "./environment.ts";
import { CommandLine, type CommandOptions } from "./holdfast.ts";
import { Platform } from "./platform.ts";
import { type Ended, type Program, run } from "./program.ts";

const noEtcd = await whyNoEtcd();
const stores: readonly ToolName[] = ["kafka", "postgres", "redis", "versitygw"];
const missing = (await Promise.all(stores.map((tool) => findTool(tool, { offline: true })))).filter(
  (each) => each.kind === "missing",
);
for (const { reason } of missing) console.warn(`skipped, for --audit needs all: ${reason}`);

const dayMs = 86_400_000;

/** The command line as it is typed beside the data of `npm start`, where it finds everything. */
class Typed {
  readonly #cli: CommandLine;
  readonly #options: CommandOptions;

  constructor(platform: Platform) {
    this.#cli = new CommandLine(platform);
    this.#options = { endpoints: "", cwd: dirname(platform.dataDir) };
  }

  run(words: string): Promise<Ended> {
    return this.#cli.run(words, this.#options);
  }

  json(words: string) {
    return this.#cli.json(words, 0, this.#options);
  }

  acquire(words: string): Promise<string> {
    return this.#cli.acquire(words, this.#options);
  }

  start(words: string): Program {
    return this.#cli.start(words, { ...this.#options, ownGroup: true });
  }
}

interface Event {
  readonly kind: string;
  readonly token: string;
  readonly shownBy?: readonly string[];
}

/** What happened to a lock, once that is as many events. */
async function timeline(cli: Typed, words: string, count: number): Promise<Event[]> {
  let events: Event[] = [];
  const look = async () => {
    ({ events } = await cli.json(`audit timeline ${words}`));
    return events.length;
  };
  await expect.poll(look, { timeout: 20_000, interval: 200 }).toBe(count);
  return events;
}

/** Locks in two regions and one over all of them, as the record must tell of them. */
async function lockAndAsk(cli: Typed): Promise<void> {
  const handle = await cli.acquire("order:1 --ttl 1m");
  const [, token = ""] = /#x\..*\.(\d+)\.\d+$/.exec(handle) ?? [];
  await cli.acquire("job:1 --ttl 1m --region eu-west-1");
  await cli.acquire("--global leader --ttl 1m");

  const [granted] = await timeline(cli, "order:1", 1);
  expect(granted).toMatchObject({ kind: "LockAcquired", token });
  const held = await cli.json("audit at order:1 0s");
  expect(held).toMatchObject({ state: "held", complete: true });
  expect(held.holders).toMatchObject([{ token, grantedBy: "shard", mode: "exclusive" }]);
  const elsewhere = await timeline(cli, "job:1 --region eu-west-1", 1);
  expect(elsewhere).toMatchObject([{ kind: "LockAcquired" }]);

  const global = await timeline(cli, "--global leader", 3);
  expect(new Set(global.flatMap(({ shownBy = [] }) => shownBy)).size).toBe(3);
  const leader = await cli.json("audit at --global leader 0s");
  expect(leader.holders).toHaveLength(1);
  expect(leader.holders[0].quorum.regions.length).toBeGreaterThanOrEqual(2);

  await cli.json(`release ${handle}`);
  const whole = await timeline(cli, "order:1", 2);
  expect(whole.map(({ kind }) => kind)).toEqual(["LockAcquired", "LockReleased"]);
  expect(await cli.json("audit at order:1 0s")).toMatchObject({ state: "free" });
}

/** The hash chains of all shards that had something to tell are whole. */
async function verify(cli: Typed): Promise<void> {
  const verified = await cli.json("audit verify");
  expect(verified.intact).toBe(true);
  expect(verified.chains.length).toBeGreaterThanOrEqual(3);
}

describe.skipIf(noEtcd !== undefined)("the record of a plain npm start", () => {
  let platform: Platform;
  let cli: Typed;
  beforeAll(async () => {
    platform = await Platform.start();
    cli = new Typed(platform);
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it("tells from the first minute who held what, with token and quorum, and proves itself", async () => {
    await using tail = await tailing(cli);
    await lockAndAsk(cli);
    await verify(cli);
    await tail.program.says(/LockReleased .*order:1/, 10_000);
    const exported = await cli.run("audit export --from 1h");
    expect(exported.code).toBe(0);
    expect(exported.stdout.trim().split("\n").length).toBeGreaterThanOrEqual(6);
  });

  it("says where it begins to whoever asks about the time before, and never that a lock was free", async () => {
    const asked = await cli.run("audit at order:1 1h");
    expect(asked.stdout).toMatch(/^state +unknown/m);
    expect(asked.stderr).toMatch(/The record begins at \d{4}-.* UTC/);
  });

  it("is taken up again by a new process, with what stands and with whole chains", async () => {
    const [recorder] = platform.processes("recorder");
    process.kill(recorder?.pid ?? 0, "SIGKILL");
    const stands = async () => {
      const { code, stdout } = await cli.run("audit timeline job:1 --region eu-west-1");
      return code === 0 && stdout.includes("LockAcquired");
    };
    await expect.poll(stands, { timeout: 30_000, interval: 500 }).toBe(true);
    const { intact, chains } = await cli.json("audit verify");
    expect(chains).not.toHaveLength(0);
    expect(intact).toBe(true);
  });
});

describe.skipIf(noEtcd !== undefined || missing.length > 0)("npm start -- --audit", () => {
  let platform: Platform;
  let cli: Typed;
  beforeAll(async () => {
    platform = await Platform.start("--audit --shards 1");
    cli = new Typed(platform);
  }, 120_000);
  afterAll(() => platform?.[Symbol.asyncDispose]());

  it("brings what happens to Postgres: tokens, quorums and whole chains", async () => {
    const names = platform.children.map(({ name }) => name);
    for (const name of ["kafka", "postgres", "redis", "s3", "auditor", "archiver"]) {
      expect(names).toContain(name);
    }
    await lockAndAsk(cli);
    await verify(cli);
  });

  it("archives a day that is over, and tells where it is then", async () => {
    const at = new Date(Date.now() - 3 * dayMs);
    await threeDaysAgo(platform, at, async () => {
      await cli.json(`release ${await cli.acquire("order:old")}`);
    });
    await timeline(cli, "order:old --from 10d", 2);
    const archived = await archive(platform);
    expect(archived.code, archived.stdout + archived.stderr).toBe(0);

    const day = at.toISOString().slice(0, 10);
    const listed = await cli.json("audit archived --from 10d");
    expect(listed.objects).toMatchObject([{ day, rows: "2" }]);
    const gone = await cli.run("audit timeline order:old --from 10d");
    expect(gone.stderr).toContain(`it lies in the archive: 1 object, ${day} to ${day}`);
    expect(await cli.json(`audit at order:old ${at.toISOString()}`)).toMatchObject({
      state: "unknown",
    });
    const { intact, chains } = await cli.json("audit verify");
    expect(intact).toBe(true);
    const objects = chains.map((one: { archive: { objects: string } }) => one.archive.objects);
    expect(objects).toContain("1");
    const [{ cluster }] = listed.objects;
    const asked = `audit export --from ${day} --to ${day}T23:59 --chain ${cluster}`;
    const exported = await cli.run(asked);
    expect(exported).toMatchObject({ code: 0, stdout: expect.stringContaining("LockAcquired") });
    expect(exported.stdout.trim().split("\n")).toHaveLength(2);
    expect((await cli.run(`${asked} --hot-only`)).stdout).toBe("");
  });

  it("does not call a ledger intact whose end was cut off together with its counts", async () => {
    await cli.json(`release ${await cli.acquire("order:cut")}`);
    await timeline(cli, "order:cut", 2);
    const { events } = await cli.json("audit timeline order:cut");
    const [{ cluster, sequence }] = events;
    const last = Number(sequence) - 1;
    let anchored = 0;
    const anchor = async () => {
      const { chains, journalsNotAsked } = await cli.json("audit verify --hot-only");
      expect(journalsNotAsked).toEqual([]);
      const found = chains.find(({ chain }: { chain: string }) => chain === cluster);
      anchored = Number(found.anchored);
      return anchored;
    };
    // The journal leaves word of what it wrote a moment afterwards.
    await expect.poll(anchor, { timeout: 20_000, interval: 500 }).toBeGreaterThan(last);
    // Of the locks of the tests before, one may end now: what comes behind a cut shows it as a gap.
    const [journal] = platform.processes("journal us-east-1");
    process.kill(journal?.pid ?? 0, "SIGSTOP");
    onTestFinished(() => void process.kill(journal?.pid ?? 0, "SIGCONT"));
    await execute(
      settingsOf(platform).HOLDFAST_POSTGRES ?? "",
      `delete from holdfast.events where sequence > ${last}
         and cluster_id = (select id from holdfast.names where name = '${cluster}');
       update holdfast.day_clusters set last_sequence = ${last}
         where last_sequence > ${last}
         and cluster_id = (select id from holdfast.names where name = '${cluster}');`,
    );
    const cut = await cli.run("audit verify --hot-only");
    expect(cut).toMatchObject({ code: 75, stdout: expect.stringMatching(/ behind +/) });
    expect(cut.stderr).toContain(`${cluster}: the journal wrote records up to `);
  });
});

async function tailing(cli: Typed) {
  const program = cli.start("audit tail --from 1h");
  return {
    program,
    [Symbol.asyncDispose]: async () => {
      program.pressCtrlC();
      await program.ended(10_000);
    },
  };
}

/**
 * Has something happen at another time, as the record sees it: the journal, which would write the
 * right one, is held meanwhile, for less than the lease by which it leads.
 */
async function threeDaysAgo(
  platform: Platform,
  at: Date,
  what: () => Promise<void>,
): Promise<void> {
  const [journal] = platform.processes("journal us-east-1");
  const key = btoa("m/time");
  const value = btoa(String(at.getTime()));
  process.kill(journal?.pid ?? 0, "SIGSTOP");
  try {
    for (const { endpoints } of platform.regions[0]?.shards ?? []) {
      const url = `${endpoints[0]}/v3/kv/put`;
      const put = await fetch(url, { method: "POST", body: JSON.stringify({ key, value }) });
      expect(put.ok).toBe(true);
    }
    await what();
  } finally {
    process.kill(journal?.pid ?? 0, "SIGCONT");
  }
}

/** One round of an archiver that takes every day that is over, as a person would start it. */
function archive(platform: Platform): Promise<Ended> {
  const env = {
    ...settingsOf(platform),
    HOLDFAST_ARCHIVE_HOT_DAYS: "1",
    HOLDFAST_ARCHIVE_CLOSE_S: "0",
  };
  const script = join(repository, "services/archiver/src/main.ts");
  return run(process.execPath, [script, "--once", "--verify"], { cwd: repository, env });
}

/** With what its archiver reaches the stores. */
function settingsOf(platform: Platform): Record<string, string | undefined> {
  const text = readFileSync(join(platform.dataDir, "audit", "archiver.env"), "utf8");
  const settings = [...text.matchAll(/^(\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]);
  return Object.fromEntries(settings);
}
