import type { GrantId, LeaseId, RequestId, SessionId } from "@holdfast/base/ids";
import { randomId, SystemRandom } from "@holdfast/base/random";
import { type Marker, sessionMarker } from "@holdfast/core/lease/marker";
import { type AcquirePlan, acquireTxn } from "@holdfast/core/lock/acquire";
import { decodeEpoch, encodeEpoch } from "@holdfast/core/lock/epoch";
import { footprintOf } from "@holdfast/core/lock/hierarchy";
import { epochKey, lockKeys } from "@holdfast/core/lock/keys";
import { releaseTxn } from "@holdfast/core/lock/release";
import type { Txn } from "@holdfast/core/txn/txn";
import type { ShardStore } from "@holdfast/engine/ports/shard-store";

const random = new SystemRandom();
const ttlMs = 15_000;
const leaseS = 3_600;

/** A lock taken straight at the store. */
export interface DirectGrant {
  readonly acquire: Txn;
  /** `revision`: that of the transaction which took it. */
  release(revision: bigint): Txn;
}

/**
 * Builds, with the core's own code, the transactions that a router sends for an exclusive lock
 * under a session, free and with nobody in line: the same compares, puts and deletes.
 */
export class LockTransactions {
  readonly #session = randomId(random) as SessionId;
  readonly #marker: Marker;
  readonly #stem = this.#session.slice(0, 14);
  #count = 0;

  readonly #epoch: number;

  constructor(lease: LeaseId, epoch: number) {
    this.#epoch = epoch;
    this.#marker = sessionMarker(this.#session, lease, ttlMs);
  }

  /** What must be in the store before the first lock: the epoch and the session's marker. */
  prepare(): Txn {
    const marker = this.#marker;
    return {
      compares: [],
      success: [
        { kind: "put", key: epochKey, value: encodeEpoch(this.#epoch), lease: 0n },
        { kind: "put", key: marker.key, value: marker.value, lease: marker.lease },
      ],
      failure: [],
    };
  }

  /** The next lock, with a name that nobody else uses. */
  next(): DirectGrant {
    const epoch = this.#epoch;
    const number = (this.#count++).toString(36).padStart(8, "0");
    // Spread like hashes: keys side by side would be found in etcd's tree more cheaply than real
    // ones.
    const slot = Math.imul(this.#count, 0x9e3779b1) >>> 20;
    const name = `bench/${number}`;
    const keys = lockKeys(slot, "default", name);
    // As long as real ones and as unique, without the cost of being unguessable.
    const grantId = (this.#stem + number) as GrantId;
    const plan: AcquirePlan = {
      keys,
      footprint: footprintOf(keys, slot, "default", name, false),
      grantId,
      marker: this.#marker,
      record: {
        owner: "bench",
        session: this.#session,
        ttlMs,
        mode: "exclusive",
        requestId: `r${number}` as RequestId,
        metadata: {},
        epoch,
        atMs: Date.now(),
      },
      wait: false,
      detail: false,
      countQueue: false,
    };
    return {
      acquire: acquireTxn(plan),
      release: (revision) => releaseTxn({ keys, grantId, mode: "exclusive", revision, epoch }),
    };
  }
}

/** A session of our own in the store, under a lease that outlives every benchmark. */
export async function openDirectSession(store: ShardStore): Promise<LockTransactions> {
  const granted = await store.grantLease(leaseS);
  if (granted.kind !== "granted") throw new Error(granted.message);
  const shard = await store.range({ kind: "range", key: epochKey });
  if (shard.kind !== "read") throw new Error(shard.message);
  // A router of this cluster has its epoch there already, and must not be shut out.
  const epoch = decodeEpoch(shard.range) || 1;
  const locks = new LockTransactions(granted.lease, epoch);
  const prepared = await store.commit(locks.prepare());
  if (prepared.kind !== "committed") throw new Error(prepared.message);
  return locks;
}
