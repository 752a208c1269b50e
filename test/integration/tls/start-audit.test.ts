import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import type { ToolName } from "@holdfast/toolchain/tool";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Files, TestCertificates } from "./certificates.ts";
import { type StoreName, storeClients } from "./store-clients.ts";
import { TlsStart } from "./tls-start.ts";

const needed: readonly ToolName[] = ["etcd", "kafka", "postgres", "redis", "versitygw"];
const found = await Promise.all(needed.map((tool) => findTool(tool, { offline: true })));
const missing = found.filter((each) => each.kind === "missing");
for (const { reason } of missing) console.warn(`--audit --tls is not tested: ${reason}`);

/** What takes a second may take long on a machine that does other things. */
const patienceMs = 60_000;

describe.skipIf(missing.length > 0)("npm start -- --audit --tls", () => {
  let certificates: TestCertificates;
  let started: TlsStart;
  let stores: Readonly<Record<string, string>>;
  let ours: Files;

  beforeAll(async () => {
    certificates = await TestCertificates.make();
    started = await TlsStart.in(certificates.folder, "--audit", "--shards", "1");
    ({ stores, tls: ours } = started.document);
  }, 180_000);
  afterAll(async () => {
    await started?.[Symbol.asyncDispose]();
    certificates[Symbol.dispose]();
  });

  test("tries the stores too, and says that S3 asks for no certificate", () => {
    expect(started.log()).toMatch(/each of 6 ports takes our certificates/);
    expect(started.log()).toContain("S3 speaks TLS too, and knows its clients by keys");
  });

  test("locks are taken, and the record tells of them and proves itself", async () => {
    expect(await started.cli("acquire", "order:1", "--ttl", "1m")).toMatchObject({ exitCode: 0 });
    const timeline = async () => (await started.cli("audit", "timeline", "order:1")).said;
    await expect.poll(timeline, { timeout: patienceMs, interval: 500 }).toContain("LockAcquired");
    const verified = await started.cli("audit", "verify");
    expect(verified).toMatchObject({ exitCode: 0, said: expect.stringContaining("intact") });
    const healthy = await started.cli("doctor");
    expect(healthy).toMatchObject({ exitCode: 0, said: expect.stringContaining(" 0 failed") });
  }, 180_000);

  test.each<[StoreName, string]>([
    ["Kafka", "kafka"],
    ["Postgres", "postgres"],
    ["Redis", "redis"],
  ])("%s takes our certificates, and no other", async (name, store) => {
    const connect = (files: Files) => storeClients[name](stores[store] ?? "", files);
    // A broker that is short of processor time is fenced, and back in a moment.
    await expect.poll(() => connect(ours), { timeout: patienceMs }).toBe("connected");
    const { cert, key } = await certificates.client(`stranger-to-${store}`);
    expect(await connect({ cert, key, ca: ours.ca })).toMatch(
      /not accept our certificate|not signed by the CA|our own certificate/,
    );
    expect(await connect({ ...ours, ca: certificates.ca })).toMatch(/not signed by our CA/);
  });

  test("S3 shows a certificate of the CA", async () => {
    const connect = (ca: string) => storeClients.S3(stores.s3 ?? "", { ca });
    expect(await connect(ours.ca)).toBe("connected");
    expect(await connect(certificates.ca)).toMatch(/not signed by our CA/);
  });

  test("no process complains of TLS", () => {
    for (const name of ["journal-us-east-1", "auditor", "archiver", "router-us-east-1"]) {
      const log = readFileSync(join(started.dataDir, "logs", `${name}.log`), "utf8");
      // Strangers are turned away by our own trial, and shown there.
      const lines = log.split("\n").filter((line) => !line.includes("tls-refused"));
      expect(lines.filter((line) => /certificate|TLS/.test(line))).toEqual([]);
    }
  });
});
