import type { MemberStatus } from "@holdfast/engine/ports/admin-tier";
import type { EtcdShardStore } from "./etcd-shard-store.ts";

/** How the etcd members behind a shard are, as the administrator's view wants it. */
export async function shardMembers(store: EtcdShardStore): Promise<readonly MemberStatus[]> {
  const statuses = await store.status();
  return statuses.map((status) => {
    if ("problem" in status) {
      const { endpoint, problem } = status;
      const unknown = { reachable: false, leader: false, version: "", databaseBytes: 0 };
      return { endpoint, ...unknown, problem };
    }
    return {
      endpoint: status.endpoint,
      reachable: true,
      leader: status.leaderId !== 0n && status.leaderId === status.memberId,
      version: status.version,
      databaseBytes: status.dbSizeBytes,
      problem: status.problems.join("; "),
    };
  });
}
