import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { tokenEpoch, tokenRevision } from "@holdfast/core/fencing/token";
import { epochKey, identityKey, journalKey, journalLeaderKey } from "@holdfast/core/lock/keys";
import { type EtcdCluster, startEtcdCluster } from "@holdfast/toolchain/etcd-process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s3Missing, startS3UnderTest } from "../../contract/s3-under-test.ts";
import { Region } from "../../integration/region.ts";
import { toolPaths } from "../helm/tools.ts";
import { repositoryRoot } from "../service-settings.ts";

const { paths, missing } = await toolPaths(["etcd", "etcdctl", "etcdutl"]);
const unavailable = missing ?? s3Missing;
const program = join(repositoryRoot, "infra/etcd-snapshot/src/main.ts");
const bucketSettings = { lifecycle: { glacierDays: 90, deepArchiveDays: 365 } };

/** What docs/operations.md has deleted in a restored shard before anybody meets it. */
const forgotten = [epochKey, identityKey, journalKey, journalLeaderKey];

describe.skipIf(unavailable !== undefined)("a shard that lost everything", () => {
  let root: string;
  let env: Record<string, string>;
  let cluster: EtcdCluster;
  let close: () => Promise<void>;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), "holdfast-restore-"));
    const s3 = await startS3UnderTest();
    cluster = await startEtcdCluster({ binary: paths.etcd, members: 3, dataDir: join(root, "s0") });
    const archive = s3.open();
    expect(await archive.ensureBucket(bucketSettings)).toMatchObject({ kind: "ready" });
    const { endpoint, region, accessKeyId, secretAccessKey } = s3.server;
    env = {
      PATH: [dirname(paths.etcdctl), dirname(paths.etcdutl), process.env.PATH].join(delimiter),
      SNAPSHOT_BUCKET: archive.bucket,
      SNAPSHOT_S3_REGION: region,
      SNAPSHOT_S3_ENDPOINT: endpoint,
      SNAPSHOT_WORK_DIR: root,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    };
    close = async () => {
      await cluster.stop();
      await s3[Symbol.asyncDispose]();
      rmSync(root, { recursive: true, force: true });
    };
  });
  afterAll(() => close());

  const region = () => new Region({ urls: [cluster.endpoints.join(",")] });

  async function snapshot(task: string, more: Record<string, string>) {
    const options = { env: { ...env, ...more } };
    const { stdout } = await promisify(execFile)(process.execPath, [program, task], options);
    return JSON.parse(stdout) as { kind: string; object: string };
  }

  function restore(member: EtcdCluster["members"][number], object: string) {
    return snapshot("restore", {
      SNAPSHOT_OBJECT: object,
      SNAPSHOT_DATA_DIR: member.dataDir,
      SNAPSHOT_MEMBER: member.name,
      SNAPSHOT_PEER_URL: member.peerUrl,
      SNAPSHOT_INITIAL_CLUSTER: cluster.members.map((m) => `${m.name}=${m.peerUrl}`).join(","),
      SNAPSHOT_CLUSTER_TOKEN: "another one",
    });
  }

  it("is restored from S3, and its tokens go on rising", async () => {
    let before = { token: 0n };
    let object = "";
    {
      await using here = await region().start();
      await here.grant("ledger", { ttlMs: 5_000 }).then((grant) => here.release(grant));
      const unreachable = "http://127.0.0.1:1";
      const saved = await snapshot("save", {
        // One member that is away does not keep the others from giving theirs.
        SNAPSHOT_ENDPOINTS: [unreachable, ...cluster.endpoints].join(","),
        SNAPSHOT_PREFIX: "etcd/here/s0",
      });
      expect(saved).toMatchObject({
        kind: "saved",
        object: expect.stringMatching(/^etcd\/here\/s0\/\d{8}T\d{6}Z\.db$/),
      });
      object = saved.object;
      // Given out after the snapshot: the restored shard knows nothing of it.
      for (let again = 0; again < 20; again++) {
        before = await here.grant("ledger", { ttlMs: 5_000 });
        await here.release(before as never);
      }
    }
    for (const member of cluster.members) await member.wipe();
    for (const member of cluster.members) {
      expect(await restore(member, object)).toMatchObject({ kind: "restored" });
    }
    for (const member of cluster.members)
      expect(await restore(member, object)).toEqual({
        kind: "left alone",
      });
    await Promise.all(cluster.members.map((member) => member.restart()));
    await cluster.waitHealthy();

    const at = ["--endpoints", cluster.endpoints.join(",")];
    for (const what of [...forgotten.map((key) => [key]), ["--prefix", "g/"]]) {
      await promisify(execFile)(paths.etcdctl, [...at, "del", ...what]);
    }
    await using here = await region().start();
    const after = await here.grant("ledger", { ttlMs: 5_000 });
    expect(after.token).toBeGreaterThan(before.token);
    // Twice over: by the placement that it acknowledged anew, and by its revisions.
    expect(tokenEpoch(after.token)).toBe(tokenEpoch(before.token) + 1);
    expect(tokenRevision(after.token)).toBeGreaterThan(tokenRevision(before.token) + 1_000_000n);
  }, 60_000);

  it("is not restored from what is no snapshot, or is not there", async () => {
    const [member] = cluster.members;
    if (member === undefined) throw new Error("a cluster has members");
    const nowhere = { ...member, dataDir: join(root, "nowhere") } as typeof member;
    const failed = await restore(nowhere, "etcd/here/s0/none.db").catch((error) => error);
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining("was not fetched") });
  });
});

describe("docs/operations.md", () => {
  it("has everything deleted that a restored shard must not remember", () => {
    const text = readFileSync(join(repositoryRoot, "docs/operations.md"), "utf8");
    for (const key of forgotten) expect(text).toContain(`etcdctl del ${key}\n`);
    expect(text).toContain("etcdctl del --prefix g/\n");
  });
});
