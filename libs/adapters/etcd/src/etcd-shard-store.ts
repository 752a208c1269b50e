import { type Clock, SystemClock } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { LeaseId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import type { RangeOp, Txn } from "@holdfast/core/txn/txn";
import type {
  CommitReply,
  CompactReply,
  KeepAliveReply,
  LeaseGrantReply,
  LeaseKeysReply,
  RangeAtReply,
  RangeReply,
  ShardStore,
  StoreFailure,
  Watch,
  WatchListener,
  WatchRequest,
} from "@holdfast/engine/ports/shard-store";
import { Cluster } from "./cluster.ts";
import { alreadyCompacted, leaseNotFound, plainFailure, writeFailure } from "./failure.ts";
import { KeepAlives } from "./keep-alives.ts";
import type { MemberStatus } from "./member-status.ts";
import { compact, grantLease, revokeLease } from "./slow-calls.ts";
import { Watches } from "./watches.ts";
import { decodeLeaseKeys, encodeLeaseKeys } from "./wire/lease-keys.ts";
import { encodeRange, encodeTxn } from "./wire/request.ts";
import { decodeRange, decodeTxn } from "./wire/response.ts";

/** Longest time for one call, in milliseconds. */
const deadlineDefaultMs = 5_000;

/** Which etcd cluster keeps which shard. */
export interface EtcdShardOptions {
  /** `http://host:port` (or `https://`) of every member of the cluster. */
  readonly endpoints: readonly string[];
  readonly region: string;
  readonly shard: string;
  /** Longest time for one call, in milliseconds; 5,000 if absent. */
  readonly deadlineMs?: number;
  /** Work with an etcd older than 3.6.14, which has known faults. */
  readonly allowOldVersions?: boolean;
  readonly clock?: Clock;
  /** For `https://` members; the system's authorities if left out. */
  readonly tls?: TlsIdentity | undefined;
}

/** A shard kept by an etcd cluster. */
export class EtcdShardStore implements ShardStore {
  readonly #cluster: Cluster;
  readonly #deadlineMs: number;
  readonly #keepAlives: KeepAlives;
  readonly #watches: Watches;

  /** Connects with the first call; {@link connectEtcdShard} checks the cluster first. */
  constructor(options: EtcdShardOptions) {
    const clock = options.clock ?? new SystemClock();
    const deadlineMs = options.deadlineMs ?? deadlineDefaultMs;
    this.#deadlineMs = deadlineMs;
    this.#cluster = new Cluster({
      clock,
      endpoints: options.endpoints,
      name: `${options.region}/${options.shard}`,
      deadlineMs,
      allowOldVersions: options.allowOldVersions ?? false,
      tls: options.tls,
    });
    this.#keepAlives = new KeepAlives(this.#cluster, clock, deadlineMs);
    this.#watches = new Watches(this.#cluster, clock);
  }

  async commit(txn: Txn): Promise<CommitReply> {
    const request = encodeTxn(txn);
    const outcome = await this.#cluster.write((member, limits) =>
      member.call("/etcdserverpb.KV/Txn", request, decodeTxn, limits),
    );
    if (outcome.kind === "error") return writeFailure(outcome.error);
    if (outcome.kind === "unavailable") return outcome;
    const { revision, result } = outcome.value;
    return { kind: "committed", revision, result };
  }

  async range(range: RangeOp): Promise<RangeReply> {
    const request = encodeRange(range);
    const outcome = await this.#cluster.read((member, limits) =>
      member.call("/etcdserverpb.KV/Range", request, decodeRange, limits),
    );
    if (outcome.kind === "error") return plainFailure(outcome.error);
    if (outcome.kind === "unavailable") return outcome;
    const { revision, range: found } = outcome.value;
    return { kind: "read", revision, range: found };
  }

  async rangeAt(range: RangeOp, revision: bigint): Promise<RangeAtReply> {
    const request = encodeRange(range, revision);
    const outcome = await this.#cluster.read((member, limits) =>
      member.call("/etcdserverpb.KV/Range", request, decodeRange, limits),
    );
    if (outcome.kind === "unavailable") return outcome;
    if (outcome.kind === "answer") {
      return { kind: "read", revision: outcome.value.revision, range: outcome.value.range };
    }
    const isCompacted = outcome.error.details === alreadyCompacted;
    return isCompacted ? { kind: "compacted" } : plainFailure(outcome.error);
  }

  async grantLease(ttlS: number): Promise<LeaseGrantReply> {
    invariant(Number.isInteger(ttlS), "a ttl is whole seconds");
    const outcome = await this.#cluster.write((member, limits) => grantLease(member, ttlS, limits));
    if (outcome.kind === "error") return writeFailure(outcome.error);
    if (outcome.kind === "unavailable") return outcome;
    return { kind: "granted", lease: outcome.value.lease, ttlS: outcome.value.ttlS };
  }

  keepAlive(lease: LeaseId): Promise<KeepAliveReply> {
    return this.#keepAlives.keepAlive(lease);
  }

  async revokeLease(lease: LeaseId): Promise<{ readonly kind: "revoked" } | StoreFailure> {
    const outcome = await this.#cluster.write((member, limits) =>
      revokeLease(member, lease, limits),
    );
    if (outcome.kind === "unavailable") return outcome;
    if (outcome.kind === "error" && outcome.error.details !== leaseNotFound) {
      return plainFailure(outcome.error);
    }
    return { kind: "revoked" };
  }

  async leaseKeys(lease: LeaseId): Promise<LeaseKeysReply> {
    const request = encodeLeaseKeys(lease);
    const outcome = await this.#cluster.read((member, limits) =>
      member.call("/etcdserverpb.Lease/LeaseTimeToLive", request, decodeLeaseKeys, limits),
    );
    if (outcome.kind === "error") return plainFailure(outcome.error);
    if (outcome.kind === "unavailable") return outcome;
    const { remainingS, keys } = outcome.value;
    return { kind: "lease", remainingS, keys };
  }

  watch(request: WatchRequest, listener: WatchListener): Watch {
    return this.#watches.watch(request, listener);
  }

  async compact(revision: bigint): Promise<CompactReply> {
    const outcome = await this.#cluster.write((member, limits) =>
      compact(member, revision, limits),
    );
    if (outcome.kind === "unavailable") return outcome;
    if (outcome.kind === "error" && outcome.error.details !== alreadyCompacted) {
      return writeFailure(outcome.error);
    }
    return { kind: "compacted" };
  }

  /** The cluster behind the shard; undefined before the first answer. */
  get clusterId(): bigint | undefined {
    return this.#cluster.members.clusterId;
  }

  /** Asks every member how it is, for people; a member that does not answer has a `problem`. */
  status(): Promise<readonly (MemberStatus | { endpoint: string; problem: string })[]> {
    return this.#cluster.members.status(this.#deadlineMs);
  }

  /** What is wrong with the members that answer: too old, or of another cluster. */
  verify(): Promise<readonly string[]> {
    return this.#cluster.members.verify(this.#deadlineMs);
  }

  /** Ends all watches and connections. What is under way is answered or unknown. */
  close(): void {
    this.#watches.close();
    this.#keepAlives.close();
    this.#cluster.members.close();
  }
}

/**
 * Connects to a shard and refuses an etcd that is too old, or endpoints that belong to different
 * clusters. A cluster that does not answer is no failure: it may come up later.
 */
export async function connectEtcdShard(
  options: EtcdShardOptions,
): Promise<{ readonly kind: "connected"; readonly store: EtcdShardStore } | Failure> {
  const store = new EtcdShardStore(options);
  const [problem] = await store.verify();
  if (problem === undefined) return { kind: "connected", store };
  store.close();
  return failure("SHARD_UNAVAILABLE", problem, { shard: `${options.region}/${options.shard}` });
}
