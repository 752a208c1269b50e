import { type Failure, failure } from "@holdfast/base/failure";
import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import {
  type Marker,
  parseSessionMarker,
  sessionMarker,
  settleMarker,
} from "@holdfast/core/lease/marker";
import { validityMs } from "@holdfast/core/lease/validity";
import { parseKey, sessionMarkerKey } from "@holdfast/core/lock/keys";
import { parseGrantKey } from "@holdfast/core/quorum/register-keys";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { printShard, type Shard, type Surroundings, unreached } from "./shard.ts";

/** A session's lease in one shard, as this router knows it. */
export interface SessionLeaseState {
  readonly kind: "session-lease";
  readonly marker: Marker;
  readonly ttlMs: number;
  /** Until when a holder may believe in it, on this router's monotonic clock. */
  validUntilMs: number;
  /**
   * Grants and places under it: those it had when this router met it, and what went through this
   * router since.
   */
  grants: Set<GrantId>;
}

/** Makes, finds and keeps the leases of sessions. */
export class SessionLeases {
  readonly #surroundings: Surroundings;
  readonly #refusalOf: (shard: Shard) => Failure | undefined;

  /** `refusalOf`: why a shard is not to be believed, if it is not the one it is configured as. */
  constructor(surroundings: Surroundings, refusalOf: (shard: Shard) => Failure | undefined) {
    this.#surroundings = surroundings;
    this.#refusalOf = refusalOf;
  }

  /** What is left of the belief in a lease, in ms, from now. */
  validForMs(lease: SessionLeaseState): number {
    return Math.max(0, lease.validUntilMs - this.#surroundings.clock.monotonicMs());
  }

  /** Makes the session's lease in a shard, or settles on the one another router made first. */
  async settle(
    session: SessionId,
    ttlMs: number,
    shard: Shard,
  ): Promise<SessionLeaseState | Failure> {
    const refusal = this.#refusalOf(shard);
    if (refusal !== undefined) return refusal;
    const sentAtMs = this.#surroundings.clock.monotonicMs();
    const granted = await shard.store.grantLease(Math.ceil(ttlMs / 1000));
    if (granted.kind !== "granted") return unreached(shard, granted);
    const marker = sessionMarker(session, granted.lease, ttlMs);
    const reply = await shard.committer.submit(settleMarker(marker), marker.key);
    if (reply.kind !== "committed") return unreached(shard, reply);
    if (reply.result.succeeded) return state(marker, ttlMs, sentAtMs + validityMs(ttlMs));
    void shard.store.revokeLease(granted.lease);
    const read = reply.result.results[0];
    const kv = read?.kind === "range" ? read.kvs[0] : undefined;
    const winner = kv === undefined ? undefined : await this.#fromMarker(session, kv, shard);
    return (
      winner ??
      failure("CONTENDED", `The lease of the session in ${printShard(shard)} just ended.`, {
        retryAfterMs: 50,
      })
    );
  }

  /** The lease that a shard's marker names; undefined where there is none. */
  async find(session: SessionId, shard: Shard): Promise<SessionLeaseState | undefined | Failure> {
    // A stranger knows nothing of the session, and the client would take its locks for lost.
    const refusal = this.#refusalOf(shard);
    if (refusal !== undefined) return refusal;
    const reply = await shard.store.range({ kind: "range", key: sessionMarkerKey(session) });
    if (reply.kind !== "read") return unreached(shard, reply);
    const kv = reply.range.kvs[0];
    return kv === undefined ? undefined : this.#fromMarker(session, kv, shard);
  }

  /** The id of the lease that a shard's marker names now; undefined where there is none. */
  async leaseIdIn(session: SessionId, shard: Shard): Promise<LeaseId | undefined | Failure> {
    const refusal = this.#refusalOf(shard);
    if (refusal !== undefined) return refusal;
    const reply = await shard.store.range({ kind: "range", key: sessionMarkerKey(session) });
    if (reply.kind !== "read") return unreached(shard, reply);
    const kv = reply.range.kvs[0];
    return kv === undefined ? undefined : parseSessionMarker(kv)?.lease;
  }

  /** Counts a lease's grants and places anew; a shard that does not answer changes nothing. */
  async recount(lease: SessionLeaseState, shard: Shard): Promise<void> {
    const reply = await shard.store.leaseKeys(lease.marker.lease);
    if (reply.kind === "lease") lease.grants = grantsIn(reply.keys);
  }

  /**
   * Passes a client's heartbeat on. The deadline runs from before the keepalive is sent, so a late
   * answer never makes it later. Undefined: the store did not answer.
   */
  async keepAlive(lease: SessionLeaseState, shard: Shard): Promise<number | undefined> {
    const sentAtMs = this.#surroundings.clock.monotonicMs();
    const reply = await shard.store.keepAlive(lease.marker.lease);
    if (reply.kind !== "kept") return undefined;
    if (reply.ttlS <= 0) return 0;
    lease.validUntilMs = Math.max(lease.validUntilMs, sentAtMs + validityMs(lease.ttlMs));
    return validityMs(lease.ttlMs);
  }

  /**
   * Asks what is left of a lease that others may have kept alive, and renews nothing. False: it has
   * ended. Undefined: the store did not answer.
   */
  async look(lease: SessionLeaseState, shard: Shard): Promise<boolean | undefined> {
    const askedAtMs = this.#surroundings.clock.monotonicMs();
    const left = await shard.store.leaseKeys(lease.marker.lease);
    if (left.kind !== "lease") return undefined;
    if (left.remainingS < 0) return false;
    const believedMs = Math.min(validityMs(left.remainingS * 1000), validityMs(lease.ttlMs));
    lease.validUntilMs = Math.max(lease.validUntilMs, askedAtMs + Math.max(0, believedMs));
    return true;
  }

  /** Another router's lease: what is left of it is asked for, never assumed, and not renewed. */
  async #fromMarker(
    session: SessionId,
    kv: KeyValue,
    shard: Shard,
  ): Promise<SessionLeaseState | undefined> {
    const parsed = parseSessionMarker(kv);
    if (parsed === undefined) return undefined;
    const askedAtMs = this.#surroundings.clock.monotonicMs();
    const left = await shard.store.leaseKeys(parsed.lease as LeaseId);
    if (left.kind === "lease" && left.remainingS < 0) return undefined;
    const leftMs = left.kind === "lease" ? left.remainingS * 1000 : 0;
    const believedMs = Math.max(0, Math.min(validityMs(leftMs), validityMs(parsed.ttlMs)));
    return state(
      sessionMarker(session, parsed.lease, parsed.ttlMs),
      parsed.ttlMs,
      askedAtMs + believedMs,
      grantsIn(left.kind === "lease" ? left.keys : []),
    );
  }
}

function state(
  marker: Marker,
  ttlMs: number,
  validUntilMs: number,
  grants = new Set<GrantId>(),
): SessionLeaseState {
  return { kind: "session-lease", marker, ttlMs, validUntilMs, grants };
}

/** The grants and places among the keys of a lease. */
function grantsIn(keys: readonly string[]): Set<GrantId> {
  const grants = new Set<GrantId>();
  for (const key of keys) {
    const global = parseGrantKey(key);
    if (global !== undefined) grants.add(global.grantId);
    const parsed = parseKey(key);
    if (parsed !== undefined && "xsq".includes(parsed.kind)) grants.add(parsed.grantId);
  }
  return grants;
}
