import { sleep } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import { unreachable } from "@holdfast/base/invariant";
import type { Command } from "@holdfast/core/command/command";
import type { Outcome, OutcomeOf } from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { Abandoned } from "./abandoned.ts";
import { GlobalAcquire } from "./global-acquire.ts";
import type { GlobalContext } from "./global-context.ts";
import { GlobalList } from "./global-list.ts";
import { GlobalRead } from "./global-read.ts";
import { GlobalRegisters } from "./global-registers.ts";
import { GlobalRelease } from "./global-release.ts";
import { GlobalRenew } from "./global-renew.ts";
import { GlobalWatch } from "./global-watch.ts";
import type {
  AcquireManyOutcome,
  AcquireManyRequest,
  Call,
  ListPage,
  ListQuery,
  LockTier,
  WatchQuery,
} from "./ports/lock-tier.ts";

/** Who has a lock for longer than this goes on with it under the next coordinator, in ms. */
const heldMs = 500;
/** How often one that retires looks whether it is done, in ms. */
const retireMs = 10;

/**
 * The global tier in one region: proposes for its clients, and looks after those that wait. Its
 * region votes apart from it, through its acceptor.
 */
export class GlobalLocks implements LockTier {
  readonly #context: GlobalContext;
  readonly #registers: GlobalRegisters;
  readonly #abandoned: Abandoned;
  readonly #acquire: GlobalAcquire;
  readonly #release: GlobalRelease;
  readonly #renew: GlobalRenew;
  readonly #read: GlobalRead;
  readonly #list: GlobalList;
  readonly #watch: GlobalWatch;

  constructor(context: GlobalContext) {
    this.#context = context;
    this.#registers = new GlobalRegisters(context);
    this.#abandoned = new Abandoned(context.surroundings);
    this.#release = new GlobalRelease(context, this.#registers);
    this.#acquire = new GlobalAcquire(context, this.#registers, this.#release, this.#abandoned);
    this.#renew = new GlobalRenew(context, this.#registers);
    this.#read = new GlobalRead(context, this.#registers);
    this.#list = new GlobalList(context.local);
    this.#watch = new GlobalWatch(context.local);
  }

  execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>> {
    return this.#execute(command, call) as Promise<OutcomeOf<C>>;
  }

  #execute(command: Command, call: Call): Promise<Outcome> {
    const formed = this.#context.generation();
    if (typeof formed !== "number") return Promise.resolve(formed);
    switch (command.kind) {
      case "acquire":
        return this.#acquire.acquire(command, call);
      case "release":
        return this.#release.release(command, call);
      case "cancel":
        return this.#acquire.cancel(command, call);
      case "renew":
        return this.#renew.renew(command, call);
      case "get":
        return this.#read.get(command, call);
      case "force-release":
        return this.#release.force(command, call);
      case "open-session":
        return this.#acquire.open(command, call.deadlineMs);
      case "heartbeat":
      case "close-session":
        // Leases name their regions, so a router sends these there by itself.
        return Promise.resolve(notHere);
      default:
        return unreachable(command);
    }
  }

  list(query: ListQuery): Promise<ListPage | Failure> {
    return this.#list.list(query);
  }

  watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined> {
    return this.#watch.watch(query, listener, call.cancellation);
  }

  acquireMany(request: AcquireManyRequest, call: Call): Promise<AcquireManyOutcome> {
    return this.#acquire.acquireMany(request, call, this);
  }

  /** Locks that are delegated to this region through this coordinator. */
  get delegated(): number {
    return this.#registers.delegated;
  }

  /** Those who wait here for locks whose votes of this region lie in the shard. */
  waitersIn(shard: string): number {
    return this.#registers.waitersIn(shard);
  }

  /**
   * To be called before {@link stop}: sends those who wait on to whoever comes next, takes no new
   * request, and gives back what is delegated here and nobody has. Resolves once that is done, or
   * after `withinMs`.
   */
  async retire(withinMs: number): Promise<void> {
    const { clock } = this.#context.surroundings;
    const sinceMs = clock.monotonicMs();
    this.#acquire.retire();
    for (;;) {
      const left = this.#registers.retire();
      const tookMs = clock.monotonicMs() - sinceMs;
      if (!left.has("idle") && (!left.has("held") || tookMs >= heldMs)) return;
      if (tookMs >= withinMs) return;
      await sleep(clock, retireMs);
    }
  }

  /** Ends what is done in the background. */
  stop(): void {
    this.#abandoned.stop();
    this.#registers.stop();
  }
}

const notHere = failure(
  "INVALID_ARGUMENT",
  "A session has its leases in regions: this is a matter of their routers.",
);
