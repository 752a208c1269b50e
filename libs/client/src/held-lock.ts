import type { GrantId } from "@holdfast/base/ids";
import type { Grant } from "@holdfast/core/command/outcome";
import { type LockId, type Mode, printLock } from "@holdfast/core/lock/lock-id";
import type { Belief } from "./belief.ts";
import { printHandle } from "./grant-handle.ts";
import { HoldfastError } from "./holdfast-error.ts";
import type { Lock, LockStanding, LockStateChange, ReleaseResult } from "./lock.ts";
import { LockLostError, type LostWhy } from "./lock-lost-error.ts";

/** What a lock needs of the session it lives under. */
export interface LockKeeper {
  readonly ttlMs: number;
  /** Brings the state of every lock up to this moment. */
  check(): void;
  nowMs(): number;
  release(lock: HeldLock): Promise<ReleaseResult>;
}

/** {@link Lock}, with the changes only its session makes. */
export class HeldLock implements Lock {
  readonly id: LockId;
  readonly mode: Mode;
  readonly token: bigint;
  readonly grantId: GrantId;
  /** What it hangs on; only its session changes it. */
  belief: Belief;
  /** Its acquire was sent more than once or left unanswered: a copy may be on its way still. */
  readonly repeated: boolean;
  /** When it was taken over, on the monotonic clock. */
  readonly sinceMs: number;
  readonly #keeper: LockKeeper;
  #standing: LockStanding = "held";
  #lost: LockLostError | undefined;
  #controller: AbortController | undefined;
  #listeners: Set<(change: LockStateChange) => void> | undefined;
  #release: Promise<ReleaseResult> | undefined;

  constructor(
    keeper: LockKeeper,
    grant: Grant,
    belief: Belief,
    repeated: boolean,
    sinceMs: number,
  ) {
    this.#keeper = keeper;
    this.id = grant.lock;
    this.mode = grant.mode;
    this.token = grant.token;
    this.grantId = grant.grantId;
    this.belief = belief;
    this.repeated = repeated;
    this.sinceMs = sinceMs;
  }

  get region(): string {
    return this.id.region;
  }

  get namespace(): string {
    return this.id.namespace;
  }

  get name(): string {
    return this.id.name;
  }

  get handle(): string {
    const { id, mode, token, grantId, repeated } = this;
    return printHandle({ lock: id, mode, token, grantId, ttlMs: this.#keeper.ttlMs, repeated });
  }

  get state(): LockStanding {
    if (this.believed) this.#keeper.check();
    return this.#standing;
  }

  get validForMs(): number {
    if (this.believed) this.#keeper.check();
    return this.believed ? Math.max(0, this.belief.deadlineMs - this.#keeper.nowMs()) : 0;
  }

  get signal(): AbortSignal {
    if (this.believed) this.#keeper.check();
    if (this.#controller === undefined) {
      // Made when first asked for: most locks are released before anybody asks.
      this.#controller = new AbortController();
      if (this.#lost !== undefined) this.#controller.abort(this.#lost);
    }
    return this.#controller.signal;
  }

  get lost(): LockLostError | undefined {
    if (this.believed) this.#keeper.check();
    return this.#lost;
  }

  /** Held or in jeopardy, as of the last check. */
  get believed(): boolean {
    return this.#standing === "held" || this.#standing === "jeopardy";
  }

  assertHeld(): void {
    const { lost } = this;
    if (lost !== undefined) throw lost;
    if (this.#standing === "released") {
      const message = `The lock ${printLock(this.id)} was released; acquire it again to use it.`;
      throw new HoldfastError("INVALID_ARGUMENT", message);
    }
  }

  onStateChange(listener: (change: LockStateChange) => void): () => void {
    this.#listeners ??= new Set();
    this.#listeners.add(listener);
    return () => this.#listeners?.delete(listener);
  }

  release(): Promise<ReleaseResult> {
    this.#release ??= this.#keeper.release(this);
    return this.#release;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  /** For the session: whether a heartbeat is overdue. */
  setJeopardy(jeopardy: boolean): void {
    const standing = jeopardy ? "jeopardy" : "held";
    if (this.believed && this.#standing !== standing) this.#change(standing);
  }

  /** For the session: it is lost. What was lost or released stays as it is. */
  lose(why: LostWhy): void {
    if (!this.believed) return;
    this.#lost = new LockLostError(this.id, this.token, why);
    this.#change("lost");
    this.#controller?.abort(this.#lost);
  }

  /** For the session: its holder has given it up. */
  setReleased(): void {
    if (this.believed) this.#change("released");
  }

  #change(standing: LockStanding): void {
    this.#standing = standing;
    if (this.#listeners === undefined) return;
    const why = this.#lost?.why;
    const change = why === undefined ? { state: standing } : { state: standing, why };
    for (const listener of [...this.#listeners]) {
      try {
        listener(change);
      } catch (error) {
        // The listener's bug must be seen, but not by the session, which has other locks to tell.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
