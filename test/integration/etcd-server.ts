import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type EtcdCluster,
  type EtcdClusterOptions,
  startEtcdCluster,
} from "@holdfast/toolchain/etcd-process";
import { findTool } from "@holdfast/toolchain/find-tool";

const found = await findTool("etcd");

/** Why there is no etcd to test against; undefined if there is one. */
export const etcdMissing = found.kind === "found" ? undefined : found.reason;

if (etcdMissing !== undefined) console.warn(`skipped, for want of an etcd: ${etcdMissing}`);

/** An etcd of one member, of the suite's own. */
export interface EtcdServer extends AsyncDisposable {
  readonly cluster: EtcdCluster;
  /** Its one client URL. */
  readonly url: string;
}

/** Starts an etcd with an empty data directory, which goes with it; no fsync. */
export async function startEtcd(
  options: Partial<Pick<EtcdClusterOptions, "ports" | "quotaBytes">> = {},
): Promise<EtcdServer> {
  if (found.kind !== "found") throw new Error(found.reason);
  const dataDir = await mkdtemp(join(tmpdir(), "holdfast-integration-"));
  const remove = () => rm(dataDir, { recursive: true, force: true });
  const cluster = await startEtcdCluster({
    binary: found.path,
    members: 1,
    dataDir,
    noFsync: true,
    ...options,
  }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  const [url] = cluster.endpoints;
  if (url === undefined) throw new Error("a cluster has an endpoint");
  return {
    cluster,
    url,
    [Symbol.asyncDispose]: async () => {
      await cluster.stop();
      await remove();
    },
  };
}
