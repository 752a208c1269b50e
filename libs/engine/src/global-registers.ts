import type { DelegatedLock } from "./delegated-lock.ts";
import { Delegations } from "./delegations.ts";
import type { GlobalContext } from "./global-context.ts";
import { GlobalQueue } from "./global-queue.ts";
import { GlobalRegister } from "./global-register.ts";
import { lockIdOf } from "./global-view.ts";
import { HolderElsewhere } from "./holder-elsewhere.ts";
import { isSite, locate } from "./local-context.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";
import type { RegionDelegation } from "./region-delegation.ts";

/** Registers that are kept in mind though nothing is under way: for their next round trip. */
const idleMax = 10_000;

/** A register and those who wait for it here. */
export interface RegisterDesk {
  readonly register: GlobalRegister;
  readonly queue: GlobalQueue;
  readonly delegation: RegionDelegation;
  readonly elsewhere: HolderElsewhere;
}

/** The registers this coordinator knows, the one that was used last at the end. */
export class GlobalRegisters {
  readonly #context: GlobalContext;
  readonly #delegations: Delegations;
  readonly #desks = new Map<string, RegisterDesk>();

  constructor(context: GlobalContext) {
    this.#context = context;
    this.#delegations = new Delegations(context);
  }

  /** The lock's register, made when it is first needed. */
  of(lock: GlobalLockId): RegisterDesk {
    const key = `${lock.namespace}/${lock.name}`;
    const known = this.#desks.get(key);
    if (known !== undefined) {
      this.#desks.delete(key);
      this.#desks.set(key, known);
      return known;
    }
    const register = new GlobalRegister(this.#context, lock);
    const delegation = this.#delegations.of(register);
    const queue = new GlobalQueue(this.#context, register);
    const elsewhere = new HolderElsewhere(this.#context, lockIdOf(lock));
    const desk = { register, queue, delegation, elsewhere };
    this.#desks.set(key, desk);
    if (this.#desks.size > idleMax) this.#forgetIdle();
    return desk;
  }

  /** Locks that are delegated through this coordinator; looks at all that are known. */
  get delegated(): number {
    let delegated = 0;
    for (const { delegation } of this.#desks.values()) {
      if (delegation.lock.delegation === "granted") delegated++;
    }
    return delegated;
  }

  /** Those who wait here for locks whose votes of this region lie in the shard. */
  waitersIn(shard: string): number {
    const { local, region } = this.#context;
    let waiters = 0;
    for (const { register, queue, delegation } of this.#desks.values()) {
      const waiting = queue.length + delegation.lock.lineLength;
      if (waiting === 0) continue;
      const site = locate(local, { ...register.lock, region });
      if (isSite(site) && site.shard.name === shard) waiters += waiting;
    }
    return waiters;
  }

  /** See {@link DelegatedLock.retire}; what is left to be given back, any number of times. */
  retire(): ReadonlySet<DelegatedLock["leftover"]> {
    const left = new Set<DelegatedLock["leftover"]>();
    for (const { delegation } of this.#desks.values()) {
      delegation.lock.retire();
      left.add(delegation.lock.leftover);
    }
    return left;
  }

  stop(): void {
    for (const { register, queue, delegation } of this.#desks.values()) {
      delegation.stop();
      queue.stop();
      register.stop();
    }
  }

  /** The ones that were not used for longest; those with something under way stay. */
  #forgetIdle(): void {
    let excess = this.#desks.size - Math.floor(idleMax * 0.9);
    for (const [key, { register, queue, delegation }] of this.#desks) {
      if (excess <= 0) return;
      excess--;
      const isIdle = register.isIdle && queue.isIdle && delegation.isIdle;
      if (isIdle) this.#desks.delete(key);
    }
  }
}
