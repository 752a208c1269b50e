import type { Clock } from "@holdfast/base/clock";
import { failure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import { type Random, randomId } from "@holdfast/base/random";
import type {
  AcquireCommand,
  CancelCommand,
  Command,
  ForceReleaseCommand,
  HeartbeatCommand,
  OpenSessionCommand,
  ReleaseCommand,
  RenewCommand,
} from "@holdfast/core/command/command";
import type { AcquireOutcome, HeartbeatOutcome, Outcome } from "@holdfast/core/command/outcome";
import { validityMs } from "@holdfast/core/lease/validity";
import { grantIdOf } from "@holdfast/core/lock/grant-id";
import type { LockEventKind } from "@holdfast/core/lock/lock-event";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { type MemoryTenant, tenantOf } from "./memory-lock.ts";
import { MemoryTenancy, sessionExpired } from "./memory-tenancy.ts";

/** What a {@link MemoryRouter} says as it goes. */
export interface RouterListener {
  onEvent(kind: LockEventKind, lock: LockId, tenant: MemoryTenant): void;
  onForceReleased(lock: LockId, grantId: GrantId): void;
}

const notHeld = failure("NOT_HELD", "Nothing is held with this grant and token.");
const lost = failure("LOST", "The grant has ended. Acquire the lock again.");

/**
 * Every region's locks in memory, and the global ones as those of one region more, decided at once
 * and by the rules of the real service.
 */
export class MemoryRouter {
  readonly tenancy: MemoryTenancy;
  readonly #random: Random;
  readonly #listener: RouterListener;

  constructor(clock: Clock, random: Random, listener: RouterListener) {
    this.#random = random;
    this.#listener = listener;
    this.tenancy = new MemoryTenancy(clock, (kind, lock, tenant) =>
      listener.onEvent(kind, lock, tenant),
    );
  }

  /** The outcome, at once but for an acquire that waits. */
  execute(
    command: Command,
    onPosition?: (position: number) => void,
  ): Outcome | Promise<AcquireOutcome> {
    switch (command.kind) {
      case "acquire":
        return this.#acquire(command, onPosition);
      case "release":
        return this.#release(command);
      case "renew":
        return this.#renew(command);
      case "cancel":
        return this.#cancel(command);
      case "get":
        return this.#get(command.lock);
      case "force-release":
        return this.#forceRelease(command);
      case "open-session":
        return this.#open(command);
      case "heartbeat":
        return this.#heartbeat(command);
      case "close-session":
        this.tenancy.sessions.end(command.session);
        return { kind: "closed" };
    }
  }

  #acquire(
    command: AcquireCommand,
    onPosition?: (position: number) => void,
  ): AcquireOutcome | Promise<AcquireOutcome> {
    const { tenancy } = this;
    const { session, lock: id, mode, waitMs } = command;
    const grantId = grantIdOf(session, command.requestId);
    if (tenancy.isBuried(grantId)) return { kind: "cancelled" };
    const lease = session === undefined ? undefined : tenancy.sessions.find(session, id.region);
    if (session !== undefined && lease === undefined) return sessionExpired(id.region);
    const lock = tenancy.find(id);
    const known = lock.find(grantId);
    if (known !== undefined && lock.holders.includes(known)) {
      return { kind: "granted", grant: tenancy.grant(lock, known, false) };
    }
    if (known !== undefined) {
      if (known.session === undefined) tenancy.renew(lock, known, known.ttlMs);
      return tenancy.wait(lock, known, waitMs, known.session === undefined);
    }
    const ttlMs = command.ttlMs ?? lease?.ttlMs ?? 0;
    const sinceMs = tenancy.nowMs;
    const times = { sinceMs, ttlMs, endsMs: sinceMs + ttlMs };
    const tenant: MemoryTenant = { grantId, mode, command, session, ...times, token: 0n };
    if (lock.isFreeFor(mode)) return tenancy.hold(lock, tenant);
    if (waitMs <= 0) return { kind: "held", ...tenancy.story(lock), retryAfterMs: 250 };
    tenancy.queue(lock, tenant);
    onPosition?.(lock.positionOf(tenant));
    return tenancy.wait(lock, tenant, waitMs, false);
  }

  #release({ lock: id, grantId, token, repeated, ttlMs }: ReleaseCommand): Outcome {
    if (repeated) this.tenancy.bury(grantId, ttlMs);
    const lock = this.tenancy.find(id);
    const tenant = lock.holders.find((one) => one.grantId === grantId && one.token === token);
    if (tenant === undefined) return notHeld;
    const handedOver = lock.waiters.length > 0;
    this.tenancy.leave(lock, tenant);
    return { kind: "released", handedOver };
  }

  #renew({ lock: id, grantId, token, ttlMs }: RenewCommand): Outcome {
    const lock = this.tenancy.find(id);
    const tenant = lock.holders.find((one) => one.grantId === grantId);
    if (tenant === undefined) return lost;
    if (tenant.token !== token) return notHeld;
    if (tenant.session === undefined) this.tenancy.renew(lock, tenant, ttlMs ?? tenant.ttlMs);
    return { kind: "renewed", validForMs: validityMs(tenant.ttlMs) };
  }

  #cancel({ lock: id, grantId, ttlMs }: CancelCommand): Outcome {
    this.tenancy.bury(grantId, ttlMs);
    const lock = this.tenancy.find(id);
    const tenant = lock.find(grantId);
    if (tenant !== undefined) this.tenancy.leave(lock, tenant);
    return { kind: "cancelled", found: tenant !== undefined };
  }

  #get(id: LockId): Outcome {
    const { nowMs, lastToken } = this.tenancy;
    const { holders, waiters } = this.tenancy.find(id);
    return {
      kind: "lock",
      lock: id,
      shard: "memory",
      slot: 0,
      revision: lastToken,
      holders: holders.slice(0, 100).map((tenant) => tenantOf(tenant, nowMs)),
      waiters: waiters.slice(0, 100).map((tenant) => tenantOf(tenant, nowMs)),
      holderCount: holders.length,
      waiterCount: waiters.length,
    };
  }

  #forceRelease({ lock: id, grantId }: ForceReleaseCommand): Outcome {
    const lock = this.tenancy.find(id);
    const taken = lock.holders.filter((one) => grantId === undefined || one.grantId === grantId);
    for (const tenant of taken) {
      this.tenancy.leave(lock, tenant);
      this.#listener.onForceReleased(id, tenant.grantId);
    }
    const { nowMs } = this.tenancy;
    return { kind: "force-released", released: taken.map((tenant) => tenantOf(tenant, nowMs)) };
  }

  #open({ session, region, ttlMs }: OpenSessionCommand): Outcome {
    const id = session ?? (randomId(this.#random) as SessionId);
    const lease = this.tenancy.sessions.open(id, region, ttlMs);
    const validForMs = this.tenancy.sessions.find(id, region)?.validForMs ?? 0;
    return { kind: "opened", session: id, ttlMs, lease, validForMs };
  }

  #heartbeat({ session, leases, list }: HeartbeatCommand): HeartbeatOutcome {
    const { sessions } = this.tenancy;
    const named = leases.length > 0 ? leases : sessions.leasesOf(session);
    const answers = named.map((lease) => {
      const validForMs = sessions.keepAlive(session, lease);
      const answer = { lease, validForMs, unknown: false };
      return list ? { ...answer, held: this.#heldBy(session, lease.region) } : answer;
    });
    return { kind: "heartbeat", leases: answers };
  }

  #heldBy(session: SessionId, region: string) {
    return [...this.tenancy.locks.values()]
      .filter((lock) => lock.id.region === region)
      .flatMap((lock) => [
        ...lock.holders.map((tenant) => ({ kind: "holder" as const, lock, tenant })),
        ...lock.waiters.map((tenant) => ({ kind: "waiter" as const, lock, tenant })),
      ])
      .filter(({ tenant }) => tenant.session === session)
      .map(({ kind, lock, tenant }) => ({ kind, lock: lock.id, grantId: tenant.grantId }));
  }
}
