import type { Clock } from "@holdfast/base/clock";
import { failure } from "@holdfast/base/failure";
import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import type { AcquireOutcome, Grant } from "@holdfast/core/command/outcome";
import { validityMs } from "@holdfast/core/lease/validity";
import type { LockEventKind } from "@holdfast/core/lock/lock-event";
import { type LockId, lockKey, printLock } from "@holdfast/core/lock/lock-id";
import { MemoryLock, type MemoryTenant, tenantOf } from "./memory-lock.ts";
import { MemorySessions } from "./memory-sessions.ts";

/** Somebody who waits for a waiter's turn. */
interface Waiting {
  /** This very repeat put the place under a newer ttl. */
  readonly renewed: boolean;
  resolve(outcome: AcquireOutcome): void;
}

/** Who has which lock, who waits for it, and when each of them ends. */
export class MemoryTenancy {
  readonly locks = new Map<string, MemoryLock>();
  readonly sessions: MemorySessions;
  readonly #clock: Clock;
  readonly #onEvent: (kind: LockEventKind, lock: LockId, tenant: MemoryTenant) => void;
  readonly #waiting = new Map<GrantId, Set<Waiting>>();
  /** Requests that must not be granted any more. */
  readonly #tombstones = new Set<GrantId>();
  #lastToken = 0n;

  constructor(
    clock: Clock,
    onEvent: (kind: LockEventKind, lock: LockId, tenant: MemoryTenant) => void,
  ) {
    this.#clock = clock;
    this.#onEvent = onEvent;
    this.sessions = new MemorySessions(clock, (session, region) => this.#ended(session, region));
  }

  get nowMs(): number {
    return this.#clock.monotonicMs();
  }

  get lastToken(): bigint {
    return this.#lastToken;
  }

  /** The lock as it is; one that nobody holds or waits for is not kept. */
  find(id: LockId): MemoryLock {
    return this.locks.get(lockKey(id)) ?? new MemoryLock(id);
  }

  /** Gives a newcomer the lock. */
  hold(lock: MemoryLock, tenant: MemoryTenant): AcquireOutcome {
    this.locks.set(lockKey(lock.id), lock);
    lock.holders.push(tenant);
    return { kind: "granted", grant: this.grant(lock, tenant, false) };
  }

  /** Puts a newcomer in line. */
  queue(lock: MemoryLock, tenant: MemoryTenant): void {
    lock.waiters.push(tenant);
    this.#onEvent("WaiterQueued", lock.id, tenant);
    if (tenant.session === undefined) this.#watch(lock, tenant);
  }

  /** Restarts the ttl of a tenant without a session. */
  renew(lock: MemoryLock, tenant: MemoryTenant, ttlMs: number): void {
    tenant.ttlMs = ttlMs;
    tenant.endsMs = this.nowMs + ttlMs;
    if (!lock.holders.includes(tenant)) return;
    this.#watch(lock, tenant);
    this.#onEvent("LockRenewed", lock.id, tenant);
  }

  /** The end of a wait that has a place in line. */
  wait(
    lock: MemoryLock,
    tenant: MemoryTenant,
    waitMs: number,
    renewed: boolean,
  ): Promise<AcquireOutcome> {
    return new Promise((resolve) => {
      const all = this.#waiting.get(tenant.grantId) ?? new Set();
      this.#waiting.set(tenant.grantId, all);
      const timer = this.#clock.schedule(waitMs, () => {
        all.delete(waiting);
        if (all.size === 0) this.leave(lock, tenant);
        resolve({ kind: "timeout", ...this.story(lock) });
      });
      const waiting: Waiting = {
        renewed,
        resolve: (outcome) => {
          timer.cancel();
          resolve(outcome);
        },
      };
      all.add(waiting);
    });
  }

  /** The grant of a holder, the same each time; its token is made with the first. */
  grant(lock: MemoryLock, tenant: MemoryTenant, renewed: boolean): Grant {
    if (tenant.token === 0n) {
      this.#lastToken += 1n;
      tenant.token = this.#lastToken;
      if (tenant.session === undefined) this.#watch(lock, tenant);
      this.#onEvent("LockAcquired", lock.id, tenant);
    }
    const { region } = lock.id;
    const { session, grantId, mode, token, ttlMs, endsMs } = tenant;
    const found = session === undefined ? undefined : this.sessions.find(session, region);
    const usedMs = this.nowMs - (endsMs - ttlMs);
    return {
      lock: lock.id,
      grantId,
      mode,
      token,
      regions: [region],
      validForMs: found?.validForMs ?? Math.max(0, validityMs(ttlMs) - usedMs),
      validFrom: renewed ? "this-send" : "first-send",
      lease: found?.lease ?? { region, shard: "memory", leaseId: 0n as LeaseId },
    };
  }

  /** Takes a tenant out, tells whoever waits for it, and lets the next ones in. */
  leave(lock: MemoryLock, tenant: MemoryTenant, why: AcquireOutcome = { kind: "cancelled" }): void {
    const stood = lock.remove(tenant);
    if (stood === undefined) return;
    this.#onEvent(stood === "holder" ? "LockEnded" : "WaiterLeft", lock.id, tenant);
    this.#answer(tenant.grantId, () => why);
    for (const next of lock.promote()) {
      this.#onEvent("WaiterLeft", lock.id, next);
      this.grant(lock, next, false);
      this.#answer(next.grantId, ({ renewed }) => ({
        kind: "granted",
        grant: this.grant(lock, next, renewed),
      }));
    }
    if (lock.idle) this.locks.delete(lockKey(lock.id));
  }

  /** Refuses late copies of a request for as long as one may be under way. */
  bury(grantId: GrantId, ttlMs = 15_000): void {
    this.#tombstones.add(grantId);
    this.#clock.schedule(4 * ttlMs, () => this.#tombstones.delete(grantId));
  }

  isBuried(grantId: GrantId): boolean {
    return this.#tombstones.has(grantId);
  }

  /** What somebody is told who did not get the lock. */
  story(lock: MemoryLock) {
    const holders = lock.holders.slice(0, 10).map((tenant) => tenantOf(tenant, this.nowMs));
    return { holders, queueLength: lock.waiters.length };
  }

  #answer(grantId: GrantId, outcome: (waiting: Waiting) => AcquireOutcome): void {
    const all = this.#waiting.get(grantId);
    this.#waiting.delete(grantId);
    for (const waiting of all ?? []) waiting.resolve(outcome(waiting));
  }

  /** A session has ended in a region, and all it held or waited for there. */
  #ended(session: SessionId, region: string): void {
    for (const lock of [...this.locks.values()]) {
      if (lock.id.region !== region) continue;
      for (const tenant of [...lock.holders, ...lock.waiters]) {
        if (tenant.session === session) this.leave(lock, tenant, sessionExpired(region));
      }
    }
  }

  /** Ends a tenant without a session once its ttl has passed. */
  #watch(lock: MemoryLock, tenant: MemoryTenant): void {
    this.#clock.schedule(Math.max(0, tenant.endsMs - this.nowMs), () => {
      if (lock.find(tenant.grantId) !== tenant) return;
      if (tenant.endsMs > this.nowMs) this.#watch(lock, tenant);
      else this.leave(lock, tenant, failure("LOST", `${printLock(lock.id)}: the ttl has passed.`));
    });
  }
}

/** What a command of a session that has ended is told. */
export function sessionExpired(region: string) {
  return failure("SESSION_EXPIRED", "The session has ended.", { shard: `${region}/memory` });
}
