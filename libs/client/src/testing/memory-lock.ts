import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { AcquireCommand } from "@holdfast/core/command/command";
import type { Tenant } from "@holdfast/core/command/outcome";
import type { LockId, Mode } from "@holdfast/core/lock/lock-id";

/** Who holds a lock or waits for it. */
export interface MemoryTenant {
  readonly grantId: GrantId;
  readonly mode: Mode;
  readonly command: AcquireCommand;
  readonly session: SessionId | undefined;
  readonly sinceMs: number;
  /** The ttl of the session or of the grant itself. */
  ttlMs: number;
  /** Without a session: when it ends; else its session decides. */
  endsMs: number;
  /** 0 while it waits. */
  token: bigint;
}

/** One lock: its holders and, first come first, its waiters. */
export class MemoryLock {
  readonly id: LockId;
  readonly holders: MemoryTenant[] = [];
  readonly waiters: MemoryTenant[] = [];

  constructor(id: LockId) {
    this.id = id;
  }

  get idle(): boolean {
    return this.holders.length === 0 && this.waiters.length === 0;
  }

  find(grantId: GrantId): MemoryTenant | undefined {
    const isIt = (tenant: MemoryTenant) => tenant.grantId === grantId;
    return this.holders.find(isIt) ?? this.waiters.find(isIt);
  }

  /** A newcomer may have it now: it is free for its mode, and nobody waits. */
  isFreeFor(mode: Mode): boolean {
    return this.waiters.length === 0 && this.#compatible(mode);
  }

  /** The place in line of a waiter, 1 being the head. */
  positionOf(tenant: MemoryTenant): number {
    return this.waiters.indexOf(tenant) + 1;
  }

  /** Takes the tenant out, wherever it stands; says where it stood. */
  remove(tenant: MemoryTenant): "holder" | "waiter" | undefined {
    for (const [list, kind] of [
      [this.holders, "holder"],
      [this.waiters, "waiter"],
    ] as const) {
      const index = list.indexOf(tenant);
      if (index < 0) continue;
      list.splice(index, 1);
      return kind;
    }
    return undefined;
  }

  /** Moves the head of the queue, and the shared run behind a shared head, to the holders. */
  promote(): MemoryTenant[] {
    const promoted: MemoryTenant[] = [];
    for (let head = this.waiters[0]; head !== undefined; head = this.waiters[0]) {
      if (!this.#compatible(head.mode)) break;
      this.waiters.shift();
      this.holders.push(head);
      promoted.push(head);
    }
    return promoted;
  }

  #compatible(mode: Mode): boolean {
    if (this.holders.length === 0) return true;
    return mode === "shared" && this.holders.every((holder) => holder.mode === "shared");
  }
}

/** A tenant as others may see it. */
export function tenantOf(tenant: MemoryTenant, nowMs: number): Tenant {
  const { grantId, mode, token, ttlMs, session, sinceMs, command } = tenant;
  const { owner, metadata } = command;
  const hasSession = session !== undefined;
  return { grantId, mode, owner, metadata, token, ageMs: nowMs - sinceMs, hasSession, ttlMs };
}
