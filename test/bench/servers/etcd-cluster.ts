import { startEtcdCluster } from "@holdfast/toolchain/etcd-process";
import { findTool } from "@holdfast/toolchain/find-tool";
import { Etcd3 } from "etcd3";
import type { ServerSet, ServersResult } from "./server-set.ts";

/** Three members on the loopback, as `npm start -- --members 3` runs them. */
export interface EtcdServers extends ServerSet {
  /** The leader's URL first: the other members only pass writes on to it. */
  readonly endpoints: readonly string[];
  /** Forgets history, so that no round pays for the ones before it. */
  compact(): Promise<void>;
}

/** Millions of revisions are written between two compactions. */
const quotaBytes = 8 * 1024 ** 3;

/** Starts three members with their data in `folder`. */
export async function startEtcd(folder: string): Promise<ServersResult<EtcdServers>> {
  const tool = await findTool("etcd", { progress: (step) => console.error(`  ${step.message}`) });
  if (tool.kind === "missing") return tool;
  const cluster = await startEtcdCluster({
    binary: tool.path,
    members: 3,
    dataDir: folder,
    quotaBytes,
  });
  const leaderUrl = (await cluster.leader()).clientUrl;
  return {
    kind: "started",
    version: tool.version,
    pids: () => cluster.members.flatMap((member) => member.pid ?? []),
    endpoints: [leaderUrl, ...cluster.endpoints.filter((endpoint) => endpoint !== leaderUrl)],
    compact: () => compact(leaderUrl),
    stop: () => cluster.stop(),
  };
}

async function compact(endpoint: string): Promise<void> {
  const client = new Etcd3({ hosts: endpoint });
  try {
    const { header } = await client.kv.range({ key: Buffer.from("m/"), count_only: true });
    await client.kv.compact({ revision: header.revision, physical: true });
  } catch (error) {
    // Nothing was written since the last time.
    if (!String(error).includes("has been compacted")) throw error;
  } finally {
    client.close();
  }
}
