import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SeededRandom } from "@holdfast/base/random";
import type { LedgerRow } from "@holdfast/engine/ports/ledger";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serviceProcess } from "../../drills/service-process.ts";
import { TcpRelay } from "../../relay/tcp-relay.ts";
import { until } from "../until.ts";
import { ArchiveServers, type ArchiveSite, siteMissing } from "./archive-site.ts";

const root = new URL("../../../", import.meta.url);
const main = fileURLToPath(new URL("services/archiver/src/main.ts", root));

/** What a run of the service that ends by itself came to. */
interface Ended {
  readonly code: number | null;
  readonly output: string;
}

describe.skipIf(siteMissing !== undefined)("the archiver as a process", () => {
  let servers: ArchiveServers;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-archiver-"));
    servers = await ArchiveServers.start();
  });
  afterAll(async () => {
    await servers?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  let runs = 0;
  function run(env: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(process.execPath, [main, ...args], { env: { PATH, HOME, ...env } });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
  }

  function service(env: Readonly<Record<string, string>>) {
    runs += 1;
    return serviceProcess({ service: "archiver", name: `archiver ${runs}`, env, folder });
  }

  /** Every row is in exactly one object, in order, as the very line that was stored. */
  async function allIsArchived(site: ArchiveSite, rows: readonly LedgerRow[]): Promise<void> {
    const parts = [...(await site.parts())].sort((left, right) =>
      left.firstSequence < right.firstSequence ? -1 : 1,
    );
    const lines: string[] = [];
    for (const { key } of parts) lines.push(...(await site.lines(key)));
    expect(lines).toEqual(rows.map(({ line }) => Buffer.from(line).toString()));
    for (const { kind } of await site.findings()) expect(kind).toBe("whole");
  }

  it("makes its bucket, archives once, verifies, and says by its exit code how it went", async () => {
    await using site = await servers.site();
    const rows = [...(await site.record(30, 9)), ...(await site.record(20, 3))];
    const unmade = await run(site.env, "--once");
    expect(unmade).toMatchObject({ code: 1, output: expect.stringContaining("NoSuchBucket") });
    expect(await site.days()).toHaveLength(2);
    const made = await run(site.env, "--ensure-bucket", "--once", "--verify");
    expect(made.output).toContain("This store does not know lifecycles");
    expect(made).toMatchObject({ code: 0, output: expect.stringContaining("2 parts are whole") });
    expect(await site.days()).toHaveLength(1);
    await allIsArchived(site, rows);

    const [{ key } = expect.fail()] = await site.parts();
    await site.overwrite(key, new Uint8Array(5));
    const verified = await run(site.env, "--verify");
    expect(verified).toMatchObject({ code: 1, output: expect.stringContaining(key) });
  });

  it("refuses a configuration that cannot be used, and tells no secret", async () => {
    await using site = await servers.site();
    const { HOLDFAST_S3_BUCKET: _, ...without } = site.env;
    const refused = await run(without, "--once");
    expect(refused).toEqual({ code: 78, output: expect.stringContaining("HOLDFAST_S3_BUCKET") });
    expect(refused.output).not.toContain(site.env.AWS_SECRET_ACCESS_KEY);
    await site.ensureBucket();
    await site.record(5, 3);
    const denied = await run({ ...site.env, AWS_SECRET_ACCESS_KEY: "geheim" }, "--once");
    expect(denied.code).toBe(1);
    expect(denied.output).toMatch(/SignatureDoesNotMatch/);
    expect(denied.output).not.toContain("geheim");
  });

  it("killed at random points, two of them at once, archives everything once", async () => {
    await using site = await (await servers.site()).ensureBucket();
    const random = new SeededRandom(20261122);
    const rows: LedgerRow[] = [];
    for (const daysAgo of [10, 9]) rows.push(...(await site.record(950, daysAgo)));
    const env = {
      ...site.env,
      HOLDFAST_ARCHIVE_EVERY_S: "1",
      HOLDFAST_ARCHIVE_PART_ROWS: "100",
    };
    let kills = 0;
    while ((await site.days()).length > 0) {
      expect(kills, "it gets on between two deaths").toBeLessThan(60);
      const pair = [service(env), service(env)];
      await Promise.all(pair.map((each) => each.start()));
      for (const each of pair) {
        await new Promise((resolve) => setTimeout(resolve, 20 + 700 * random.next()));
        await each.kill("SIGKILL");
        kills += 1;
      }
      // Nothing leaves the ledger that is not in the archive.
      const left = await site.ledger.days({ limit: 100 });
      const days = left.kind === "days" ? left.days : [];
      const archived = (await site.parts()).filter(
        ({ day }) => !days.some((each) => each.day === day),
      );
      const there = days
        .flatMap(({ clusters }) => clusters)
        .reduce((sum, each) => sum + each.rows, 0);
      expect(archived.reduce((sum, part) => sum + part.rows, there)).toBe(rows.length);
    }
    console.info(`killed ${kills} times, ${(await site.parts()).length} parts`);
    await allIsArchived(site, rows);
    expect(await site.damages()).toEqual([]);
  });

  it("waits for Postgres at its start, and goes on when Postgres or S3 was away", async () => {
    await using site = await (await servers.site()).ensureBucket();
    await using postgres = await TcpRelay.start(Number(new URL(site.url).port));
    await using s3 = await TcpRelay.start(servers.s3.server.endpoint);
    const [metrics] = await freePorts(1);
    const url = new URL(site.url);
    url.port = String(postgres.port);
    postgres.cut();
    const process = service({
      ...site.env,
      HOLDFAST_POSTGRES: url.href,
      HOLDFAST_S3_ENDPOINT: s3.url,
      HOLDFAST_ARCHIVE_EVERY_S: "1",
      HOLDFAST_METRICS_LISTEN: `127.0.0.1:${metrics}`,
    });
    const health = async () => {
      const answer = await fetch(`http://127.0.0.1:${metrics}/healthz`).catch(() => undefined);
      return answer?.status;
    };
    const started = process.start();
    try {
      await until("it says what it waits for", async () => (await health()) === 503, 10_000);
      postgres.mend();
      await started;
      await until("all is well", async () => (await health()) === 200, 10_000);

      s3.cut();
      await site.record(40, 9);
      await until("S3 is missed", async () => (await health()) === 503, 10_000);
      expect(await site.parts()).toEqual([]);
      expect(await site.days()).toHaveLength(1);
      s3.mend();
      await until("S3 is back", async () => (await site.days()).length === 0, 15_000);

      postgres.cut();
      await until("Postgres is missed", async () => (await health()) === 503, 10_000);
      postgres.mend();
      await site.record(7, 9);
      await until("Postgres is back", async () => (await site.parts()).length === 2, 15_000);
      await until("all is well again", async () => (await health()) === 200, 10_000);
      const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
      expect(text).toMatch(/^holdfast_archive_events_total 47$/m);
      expect(text).toMatch(/^holdfast_archive_failures_total\{step="(put|read-back)"\} [1-9]/m);
      await process.kill("SIGTERM");
      expect(readFileSync(process.logPath, "utf8")).toContain('"stopped"');
    } finally {
      await started.catch(() => {});
      await process.kill("SIGKILL");
    }
  });
});
