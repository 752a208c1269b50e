import type { RequestId } from "@holdfast/base/ids";
import { randomUuid } from "@holdfast/base/random";
import type { LockState, Tenant } from "@holdfast/core/command/outcome";
import { limits } from "@holdfast/core/limits";
import { isGlobal, lockKey } from "@holdfast/core/lock/lock-id";
import { errorOfEnd, type UnsuccessfulEnd } from "./acquire-error.ts";
import { acquireAllOrNone, type ManyResult } from "./acquire-many.ts";
import type { ClientParts } from "./client-parts.ts";
import type { ClientPorts } from "./client-ports.ts";
import { connectParts } from "./connect-parts.ts";
import type { HeldEntry } from "./directory.ts";
import type { Duration } from "./duration.ts";
import { parseHandle } from "./grant-handle.ts";
import type { HeldLock } from "./held-lock.ts";
import { errorOf, HoldfastError } from "./holdfast-error.ts";
import type { LeasedGrant } from "./leased-locks.ts";
import { type ListOptions, listLocks } from "./list-locks.ts";
import type { Lock, LockScope, ReleaseResult, TryResult } from "./lock.ts";
import {
  type AcquireOptions,
  type AcquirePlan,
  type ClientDefaults,
  type ClientOptions,
  consistencyOf,
  type LockOptions,
  lockOf,
  planAcquire,
  type ReadOptions,
  ttlOf,
} from "./options.ts";
import { persist } from "./persist.ts";
import type { AcquireEnd } from "./tenure.ts";
import { traced } from "./traced-acquire.ts";
import { type WatchEvent, type WatchOptions, watchLocks } from "./watch-locks.ts";

/**
 * A client of Holdfast over any transport. All of its state is its own, time and randomness come
 * from its ports, and nothing runs once {@link close} has resolved.
 */
export class HoldfastClient implements AsyncDisposable {
  readonly #parts: ClientParts;
  readonly #defaults: ClientDefaults;

  protected constructor(parts: ClientParts, defaults: ClientDefaults) {
    this.#parts = parts;
    this.#defaults = defaults;
  }

  /** Connects over `ports` to the nearest endpoint that answers; throws if none does in time. */
  static async over(options: ClientOptions, ports: ClientPorts): Promise<HoldfastClient> {
    const { parts, defaults } = await connectParts(options, ports);
    return new HoldfastClient(parts, defaults);
  }

  /** The region of every local lock that does not say otherwise. */
  get region(): string {
    return this.#defaults.region;
  }

  /** The namespace of every lock that does not say otherwise. */
  get namespace(): string {
    return this.#defaults.namespace;
  }

  /**
   * Takes a lock, waiting in line if it must (30 s unless `wait` says otherwise), and keeps it
   * until it is released. Throws HELD or TIMEOUT where somebody else has it.
   */
  async acquire(name: string, options: AcquireOptions = {}): Promise<Lock> {
    const plan = this.#plan(name, options);
    const end = await this.#run(plan);
    if (end.kind === "admitted") return end.value;
    throw this.#errorOf(end, plan);
  }

  /** Takes a lock if it is free. Throws only where that could not be found out. */
  async tryAcquire(name: string, options: Omit<AcquireOptions, "wait"> = {}): Promise<TryResult> {
    const plan = this.#plan(name, { ...options, wait: 0 });
    const end = await this.#run(plan);
    if (end.kind === "admitted") return { granted: true, lock: end.value };
    // No error is made for what is expected: its stack would cost more than the rest of the try.
    if (end.kind !== "held") throw this.#errorOf(end, plan);
    const { holders, queueLength, retryAfterMs } = end;
    return { granted: false, holder: holders[0], holders, queueLength, retryAfterMs };
  }

  /**
   * Runs `body` under a lock and releases it. The body's own error comes through as it is; a body
   * that ends well although its lock was lost meanwhile ends in a `LockLostError`, because nobody
   * knows what another holder has done since.
   */
  async withLock<T>(
    name: string,
    ...rest:
      | [body: (scope: LockScope) => T | Promise<T>]
      | [options: AcquireOptions, body: (scope: LockScope) => T | Promise<T>]
  ): Promise<T> {
    const [options, body] = rest.length === 1 ? [{}, rest[0]] : rest;
    const lock = await this.acquire(name, options);
    let result: T;
    try {
      result = await body({ signal: lock.signal, token: lock.token, lock });
    } catch (error) {
      await lock.release();
      throw error;
    }
    const { lost } = lock;
    await lock.release();
    if (lost !== undefined) throw lost;
    return result;
  }

  /**
   * Takes several locks (at most 100), all of one region or all global. With `allOrNothing` it
   * either holds all of them at the end or throws and holds none; otherwise each stands for itself.
   */
  async acquireMany(
    names: readonly string[],
    options: AcquireOptions & { readonly allOrNothing: true },
  ): Promise<Lock[]>;
  async acquireMany(
    names: readonly string[],
    options?: AcquireOptions,
  ): Promise<ManyResult<Lock>[]>;
  async acquireMany(
    names: readonly string[],
    options: AcquireOptions & { readonly allOrNothing?: boolean } = {},
  ): Promise<Lock[] | ManyResult<Lock>[]> {
    if (names.length > limits.locksPerRequestMax || new Set(names).size < names.length) {
      const message = `names must be at most ${limits.locksPerRequestMax} different names.`;
      throw new HoldfastError("INVALID_ARGUMENT", message, { field: "names" });
    }
    const members = names.map((name) => {
      const plan = this.#plan(name, options);
      const acquire = () =>
        this.#run(plan).then((end): ManyResult => {
          if (end.kind === "admitted") return { granted: true, lock: end.value };
          return { granted: false, error: this.#errorOf(end, plan) };
        });
      return { key: lockKey(plan.order.lock), waits: plan.order.waitMs > 0, acquire };
    });
    if (options.allOrNothing) return acquireAllOrNone(members, members[0]?.waits ?? false);
    return Promise.all(members.map((member) => member.acquire()));
  }

  /** Releases several locks at once; says what became of each, in order. */
  releaseMany(locks: readonly Lock[]): Promise<ReleaseResult[]> {
    return Promise.all(locks.map((lock) => lock.release()));
  }

  /**
   * Takes a lock that carries its own ttl: nothing renews it by itself, and it outlives this
   * process. Its handle renews and releases it from anywhere.
   */
  async acquireLeased(name: string, options: AcquireOptions = {}): Promise<LeasedGrant> {
    const plan = this.#plan(name, options);
    const { requestTimeoutMs } = this.#defaults;
    const { leasedLocks, callers } = this.#parts;
    const end = await traced(this.#defaults.tracer, plan, (traceable) =>
      callers.during(plan.signal, (caller) =>
        leasedLocks.acquire(traceable, requestTimeoutMs, caller),
      ),
    );
    if (end.kind === "admitted") return end.value;
    throw this.#errorOf(end, plan);
  }

  /**
   * Extends a leased grant to `ttl` from now; a global one only by the ttl it has. Throws LOST
   * where it has ended, and NOT_HELD where the handle's token is not the grant's.
   */
  async renewHandle(
    handle: string,
    options: { readonly ttl?: Duration } = {},
  ): Promise<{ readonly validForMs: number }> {
    this.#assertOpen();
    const grant = parseHandle(handle);
    const global = isGlobal(grant.lock);
    const ttlMs = ttlOf(options.ttl ?? grant.ttlMs, global ? "global" : "local");
    if (global && ttlMs !== grant.ttlMs) {
      const message = `A global lock keeps the ttl it was taken with, ${grant.ttlMs} ms: leave ttl out.`;
      throw new HoldfastError("INVALID_ARGUMENT", message, { field: "ttl" });
    }
    const renewed = await this.#parts.leasedLocks.renew(grant, ttlMs, this.#untilMs());
    if (renewed.kind === "failure") throw errorOf(renewed);
    return { validForMs: renewed.validForMs };
  }

  /** Gives a leased grant up, in whichever process it was taken. */
  async releaseHandle(handle: string): Promise<ReleaseResult> {
    this.#assertOpen();
    const { requestTimeoutMs } = this.#defaults;
    return this.#parts.leasedLocks.release(parseHandle(handle), requestTimeoutMs);
  }

  /** Who holds a lock and who waits for it. */
  async get(name: string, options: ReadOptions = {}): Promise<LockState> {
    this.#assertOpen();
    const lock = lockOf(this.#defaults, name, options);
    const command = { kind: "get", lock, ...consistencyOf(options) } as const;
    const { outcome } = await persist(this.#parts.core, command, this.#untilMs());
    if (outcome.kind === "failure") throw errorOf(outcome);
    return outcome;
  }

  /** Every holder of a lock whose name begins with `prefix`, page by page as they are asked for. */
  list(prefix = "", options: ListOptions = {}): AsyncIterableIterator<HeldEntry> {
    this.#assertOpen();
    return listLocks(this.#parts.core, this.#defaults, prefix, options);
  }

  /**
   * What happens to one lock, or, where `pattern` ends in `*`, to all that begin so. It reconnects
   * by itself; `WatchRestarted` says where something may have been missed.
   */
  watch(pattern: string, options: WatchOptions = {}): AsyncIterableIterator<WatchEvent> {
    this.#assertOpen();
    return watchLocks(this.#parts.core, this.#defaults, pattern, options);
  }

  /**
   * Takes a lock from its holders and says who they were, at most 100 of them, and how many. They
   * go on believing in it until they are told, so it overlaps the next holder; only the fencing
   * token protects meanwhile.
   */
  async forceRelease(
    name: string,
    options: LockOptions & { readonly reason: string; readonly actor?: string },
  ): Promise<{ readonly holders: readonly Tenant[]; readonly holderCount: number }> {
    this.#assertOpen();
    const { actor = this.#defaults.owner, reason } = options;
    const lock = lockOf(this.#defaults, name, options);
    const requestId = randomUuid(this.#parts.core.ports.random) as RequestId;
    const { outcome } = await persist(
      this.#parts.core,
      { kind: "force-release", lock, requestId, actor, reason },
      this.#untilMs(),
    );
    if (outcome.kind === "failure") throw errorOf(outcome);
    const { released: holders, releasedCount: holderCount = holders.length } = outcome;
    return { holders, holderCount };
  }

  /** Ends every session, and the locks with it; takes at most 5 s and never throws. */
  close(): Promise<void> {
    return this.#parts.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Runs an acquire under a session to its end; rejects only for a bug. */
  #run(plan: AcquirePlan): Promise<AcquireEnd<HeldLock>> {
    const { requestTimeoutMs, tracer } = this.#defaults;
    const { sessionLocks, callers } = this.#parts;
    return traced(tracer, plan, (traceable) =>
      callers.during(plan.signal, (caller) =>
        sessionLocks.acquire(traceable, requestTimeoutMs, caller),
      ),
    );
  }

  #errorOf(end: UnsuccessfulEnd, { order, signal }: AcquirePlan): HoldfastError {
    return errorOfEnd(end, order.lock, order.waitMs, signal);
  }

  #plan(name: string, options: AcquireOptions): AcquirePlan {
    this.#assertOpen();
    return planAcquire(this.#defaults, name, options);
  }

  #untilMs(): number {
    return this.#parts.core.ports.clock.monotonicMs() + this.#defaults.requestTimeoutMs;
  }

  #assertOpen(): void {
    if (!this.#parts.closed) return;
    throw new HoldfastError("CANCELLED", "The client is closed; connect a new one.");
  }
}
