import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectEtcdShard, type EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { type EtcdCluster, startEtcdCluster } from "@holdfast/toolchain/etcd-process";
import { findTool } from "@holdfast/toolchain/find-tool";

/** An etcd of the suite's own; the data is not worth an fsync. */
export interface EtcdUnderTest extends AsyncDisposable {
  readonly cluster: EtcdCluster;
  readonly store: EtcdShardStore;
}

const found = await findTool("etcd");

/** Why there is no etcd to test against; undefined if there is one. */
export const etcdMissing = found.kind === "found" ? undefined : found.reason;
if (etcdMissing !== undefined) console.warn(`skipped, for want of an etcd: ${etcdMissing}`);

/** Starts an etcd and connects to it. */
export async function startEtcd(
  members: 1 | 3 = 1,
  extraFlags: readonly string[] = [],
): Promise<EtcdUnderTest> {
  if (found.kind !== "found") throw new Error(found.reason);
  const dataDir = await mkdtemp(join(tmpdir(), "holdfast-contract-"));
  const cluster = await startEtcdCluster({
    binary: found.path,
    members,
    dataDir,
    noFsync: true,
    extraFlags,
  });
  const { endpoints } = cluster;
  const connected = await connectEtcdShard({ endpoints, region: "us-east-1", shard: "s0" });
  if (connected.kind !== "connected") throw new Error(connected.message);
  const { store } = connected;
  return {
    cluster,
    store,
    [Symbol.asyncDispose]: async () => {
      store.close();
      await cluster.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
