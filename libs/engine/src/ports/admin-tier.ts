import type { Cancellation } from "@holdfast/base/cancellation";
import type { Failure } from "@holdfast/base/failure";
import type { ChainHead } from "@holdfast/core/audit/chain";

/**
 * How a region is laid out and how it fares, for people and tools. All but `readmit` only read; a
 * lock never waits for any of it.
 *
 * Contract: every promise but that of `readmit` resolves within a few seconds, and none rejects but
 * for a bug. A shard,
 * a member or a region that is out of reach is part of the answer, not a failure of it.
 */
export interface AdminTier {
  /** What runs here. */
  about(): About;
  /** The placement in force at this router. */
  placement(): Promise<PlacementTable | Failure>;
  /** The shards of this region in the order of their names, each asked just now. */
  shards(): Promise<readonly ShardStatus[]>;
  /** Where a lock of this region lies; both names are valid, the lock need not exist. */
  locate(namespace: string, name: string): Promise<LockPlace | Failure>;
  /** This region first, then those it knows of, each asked just now. */
  regions(): Promise<readonly RegionStatus[]>;
  /** Sessions with a lease in this region, in the order of shard and session. */
  sessions(query: SessionsQuery): Promise<SessionsPage | Failure>;
  /**
   * Gives a region that lost its data its vote about global locks back, by copying every register
   * to it. Runs until it is done, fails, or is cancelled; repeating it goes on where it was left.
   * Absent where there is no coordinator.
   */
  readmit?(
    region: string,
    onProgress: (progress: ReadmissionProgress) => void,
    cancellation: Cancellation,
  ): Promise<Readmitted | Failure>;
}

/** How far a re-admission is. */
export interface ReadmissionProgress {
  readonly registersCopied: number;
  /** What is being done, for people. */
  readonly step: string;
}

/** The region's answers count as votes again. */
export interface Readmitted {
  readonly kind: "readmitted";
  readonly registersCopied: number;
  /** The generation it is admitted under. */
  readonly generation: number;
}

/** What runs here. */
export interface About {
  readonly version: string;
  /** The name of the whole installation. */
  readonly cluster: string;
  readonly region: string;
  /** Unique among the routers that run. */
  readonly routerId: string;
  /** What the locks are kept in: "etcd", or "memory", which survives nothing. */
  readonly store: string;
  readonly uptimeMs: number;
}

/** A region's placement in short: its shards, and the 4,096 slots as runs. */
export interface PlacementTable {
  readonly kind: "placement";
  readonly region: string;
  readonly version: number;
  readonly shards: readonly PlacementShard[];
  /** All slots, in order, without gaps or overlaps. */
  readonly runs: readonly SlotRun[];
}

/** What a shard gets of the slots. */
export interface PlacementShard {
  readonly name: string;
  readonly weight: number;
  readonly slotCount: number;
}

/** Neighbouring slots of one shard, `first` and `last` included (0 to 4,095). */
export interface SlotRun {
  readonly first: number;
  readonly last: number;
  readonly shard: string;
  /** The shard they are moving to; absent while they lie still. */
  readonly movingTo?: string;
}

/** A shard and its store. */
export interface ShardStatus {
  readonly name: string;
  readonly endpoints: readonly string[];
  /** A linearizable read was answered just now. */
  readonly reachable: boolean;
  /** What is wrong, for people; empty when nothing is. */
  readonly problem: string;
  /** How long that read took, in ms; 0 when it failed. */
  readonly rttMs: number;
  /** The placement version the shard has acknowledged; 0 when it could not be read. */
  readonly epoch: number;
  /** The store's revision; 0 when it could not be read. */
  readonly revision: bigint;
  readonly slotCount: number;
  /** The servers of its store, where it has any. */
  readonly members: readonly MemberStatus[];
  /** The last record of its history that certainly is in the log; absent where nothing was read. */
  readonly written?: ChainHead;
  /** Why that is not known, for people; empty when it is. */
  readonly writtenProblem: string;
}

/** One server of a shard's store. */
export interface MemberStatus {
  readonly endpoint: string;
  readonly reachable: boolean;
  readonly leader: boolean;
  readonly version: string;
  readonly databaseBytes: number;
  /** What is wrong, for people; empty when nothing is. */
  readonly problem: string;
}

/** Where a lock lies. */
export interface LockPlace {
  readonly kind: "place";
  readonly region: string;
  readonly slot: number;
  readonly shard: string;
  readonly placementVersion: number;
}

/** A region as seen from here. */
export interface RegionStatus {
  readonly name: string;
  /** The region of this router. */
  readonly local: boolean;
  /** The addresses of its routers, as this one knows them. */
  readonly endpoints: readonly string[];
  readonly reachable: boolean;
  /** The round trip, in ms; 0 for this region, and when none answered. */
  readonly rttMs: number;
  /** What is wrong, for people; empty when nothing is. */
  readonly problem: string;
  /** Its part in the global tier; absent where this router has no coordinator. */
  readonly global?: GlobalMember;
}

/** A region's part in the global tier, as the coordinator of this router's region sees it. */
export interface GlobalMember {
  /** Its coordinator and its stores answered just now. */
  readonly reachable: boolean;
  /** The round trip to it, in ms. */
  readonly rttMs: number;
  /** What is wrong, for people; empty when nothing is. */
  readonly problem: string;
  /** Which data it has, for people: another one after its stores were wiped or restored. */
  readonly incarnation: string;
  /** The generation of the configuration that it is at; 0 where it has none. */
  readonly generation: number;
  /** It is admitted: its answers count as votes. */
  readonly votes: boolean;
}

/** Which page of the sessions. */
export interface SessionsQuery {
  /** 1 to 1,000. */
  readonly pageSize: number;
  /** Empty for the first page; opaque. */
  readonly pageToken: string;
}

/** A page of sessions; `nextPageToken` is empty on the last one. */
export interface SessionsPage {
  readonly kind: "sessions";
  readonly sessions: readonly SessionStatus[];
  readonly nextPageToken: string;
}

/** A session's presence in one shard. */
export interface SessionStatus {
  /** As `maskSession` gives it: enough to recognise it, too little to use it. */
  readonly maskedId: string;
  readonly shard: string;
  /** What is left of its lease there, in ms, to a whole second. */
  readonly remainingMs: number;
  /** Grants on that lease. */
  readonly holderCount: number;
  /** Places in queues on that lease. */
  readonly waiterCount: number;
}
