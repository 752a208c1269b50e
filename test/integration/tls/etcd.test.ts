import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectEtcdShard } from "@holdfast/adapter-etcd/etcd-shard-store";
import { OwnIdentity } from "@holdfast/client/grpc/own-identity";
import { startEtcdCluster } from "@holdfast/toolchain/etcd-process";
import { findTool } from "@holdfast/toolchain/find-tool";
import { describe, expect, test } from "vitest";
import { TestCertificates } from "./certificates.ts";

const etcd = await findTool("etcd");
if (etcd.kind === "missing") console.warn(`skipped, for want of an etcd: ${etcd.reason}`);

describe.skipIf(etcd.kind === "missing")("an etcd that speaks TLS", () => {
  test("is asked to keep leases alive by a client that shows its certificate", async () => {
    if (etcd.kind === "missing") return;
    using certificates = await TestCertificates.make();
    const folder = mkdtempSync(join(tmpdir(), "holdfast-tls-etcd-"));
    const server = await certificates.server("etcd");
    const cluster = await startEtcdCluster({
      ...{ binary: etcd.path, members: 1, dataDir: join(folder, "etcd"), noFsync: true },
      tls: server,
    });
    try {
      const tls = new OwnIdentity(await certificates.client());
      const where = { endpoints: cluster.endpoints, region: "here", shard: "s0", tls };
      const connected = await connectEtcdShard(where);
      if (connected.kind !== "connected") expect.fail(connected.message);
      const { store } = connected;
      const granted = await store.grantLease(60);
      if (granted.kind !== "granted") expect.fail(JSON.stringify(granted));
      expect(await store.keepAlive(granted.lease)).toEqual({ kind: "kept", ttlS: 60 });
      store.close();
    } finally {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
