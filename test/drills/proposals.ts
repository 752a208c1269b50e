import type { EtcdCluster } from "@holdfast/toolchain/etcd-process";

/**
 * How many entries the cluster has agreed on since its members started: every transaction is one,
 * also one that lost its compares and wrote nothing.
 */
export async function proposalsCommitted(etcd: EtcdCluster): Promise<number> {
  const leader = await etcd.leader();
  const response = await fetch(new URL("/metrics", leader.clientUrl));
  const line = /^etcd_server_proposals_committed_total (\S+)$/m.exec(await response.text());
  if (line?.[1] === undefined) throw new Error("etcd does not say how many proposals it committed");
  return Number(line[1]);
}
