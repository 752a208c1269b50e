/** What one etcd member says of itself. */
export interface MemberStatus {
  readonly endpoint: string;
  readonly version: string;
  readonly clusterId: bigint;
  readonly memberId: bigint;
  /** 0 while there is no leader. */
  readonly leaderId: bigint;
  /** Size of the database file; it shrinks only by defragmentation. */
  readonly dbSizeBytes: number;
  /** How much of it is in use. */
  readonly dbInUseBytes: number;
  readonly raftTerm: bigint;
  readonly raftIndex: bigint;
  readonly isLearner: boolean;
  /** Alarms and other troubles, in etcd's words. */
  readonly problems: readonly string[];
  /** The database has reached its quota: etcd refuses to put keys and to grant leases. */
  readonly noSpace: boolean;
}

/** The StatusResponse as etcd3's codec gives it: 64 bit numbers are strings. */
interface StatusResponse {
  /** Missing where something else than an etcd answers. */
  readonly header: { readonly cluster_id: string; readonly member_id: string } | null;
  readonly version: string;
  readonly dbSize: string;
  readonly dbSizeInUse: string;
  readonly leader: string;
  readonly raftIndex: string;
  readonly raftTerm: string;
  readonly isLearner: boolean;
  readonly errors: readonly string[];
}

/** Reads a StatusResponse. */
export function memberStatus(endpoint: string, response: unknown): MemberStatus {
  const raw = response as StatusResponse;
  return {
    endpoint,
    version: raw.version,
    clusterId: BigInt(raw.header?.cluster_id ?? 0),
    memberId: BigInt(raw.header?.member_id ?? 0),
    leaderId: BigInt(raw.leader),
    dbSizeBytes: Number(raw.dbSize),
    dbInUseBytes: Number(raw.dbSizeInUse),
    raftTerm: BigInt(raw.raftTerm),
    raftIndex: BigInt(raw.raftIndex),
    isLearner: raw.isLearner,
    problems: raw.errors,
    noSpace: raw.errors.some((problem) => problem.includes("NOSPACE")),
  };
}
