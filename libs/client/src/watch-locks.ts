import type { Timer } from "@holdfast/base/clock";
import type { Failure } from "@holdfast/base/failure";
import type { Tenant } from "@holdfast/core/command/outcome";
import type { LockEvent, LockEventKind } from "@holdfast/core/lock/lock-event";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { checkName } from "@holdfast/core/lock/name";
import { backoffMs } from "./backoff.ts";
import type { ClientCore } from "./client-core.ts";
import type { RunningWatch, WatchQuery } from "./directory.ts";
import { errorOf } from "./holdfast-error.ts";
import { directoryOf } from "./list-locks.ts";
import { type ClientDefaults, type LockOptions, placeOf } from "./options.ts";
import { isRepeatable } from "./persist.ts";

/** What to watch, and for how long. */
export interface WatchOptions extends LockOptions {
  /** Ends the watch; the iterator then ends without an error. */
  readonly signal?: AbortSignal;
  /** Begin with a `LockAcquired` for each current holder, also after an interruption. */
  readonly withCurrent?: boolean;
}

/** Something happened to a lock, or the watch may have missed something. */
export type WatchEvent =
  | {
      readonly kind: Exclude<LockEventKind, "WatchRestarted">;
      readonly lock: LockId;
      /** Whom it concerns. */
      readonly tenant: Tenant;
      readonly shard: string;
      readonly revision: bigint;
    }
  | { readonly kind: "WatchRestarted"; readonly region: string; readonly why: string };

/**
 * Events kept for a reader that is slower than the locks; past it they are dropped, and said so.
 */
const bufferMax = 10_000;

/** Watches until the reader stops, `options.signal` aborts or the client closes. */
export function watchLocks(
  core: ClientCore,
  defaults: ClientDefaults,
  pattern: string,
  options: WatchOptions,
): AsyncIterableIterator<WatchEvent> {
  const prefix = pattern.endsWith("*");
  const name = prefix ? pattern.slice(0, -1) : pattern;
  const problem = prefix ? undefined : checkName(name);
  if (problem !== undefined) throw errorOf(problem);
  const { withCurrent = false, signal } = options;
  const query = { ...placeOf(defaults, options), name, prefix, withCurrent };
  directoryOf(core);
  return new LockWatch(core, query, signal);
}

/** One reader's events. Watching begins with the first `next`. */
class LockWatch implements AsyncIterableIterator<WatchEvent> {
  readonly #core: ClientCore;
  readonly #query: WatchQuery;
  readonly #signal: AbortSignal | undefined;
  readonly #forgetClosing: () => void;
  #events: WatchEvent[] = [];
  #reader: (() => void) | undefined;
  #running: RunningWatch | undefined;
  #timer: Timer | undefined;
  #begun = false;
  #over = false;
  #failure: Failure | undefined;
  /** Why something may have been missed, until the watch runs again. */
  #gap: string | undefined;
  #failures = 0;

  constructor(core: ClientCore, query: WatchQuery, signal: AbortSignal | undefined) {
    this.#core = core;
    this.#query = query;
    this.#signal = signal;
    this.#forgetClosing = core.closing.onCancel(this.#stop);
    signal?.addEventListener("abort", this.#stop, { once: true });
    if (signal?.aborted) this.#stop();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<WatchEvent, undefined>> {
    if (!this.#begun && !this.#over) this.#begin();
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return { done: false, value: event };
      if (this.#failure !== undefined) throw errorOf(this.#failure);
      if (this.#over) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#reader = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.#stop();
    return { done: true, value: undefined };
  }

  #begin(): void {
    this.#begun = true;
    const endpoint = this.#core.link.endpointFor(this.#failures);
    this.#running = directoryOf(this.#core).watch(endpoint, this.#query, {
      onEvents: (events) => this.#received(events),
      onEnd: (failure) => this.#ended(failure),
    });
  }

  #received(events: readonly LockEvent[]): void {
    if (this.#over) return;
    this.#failures = 0;
    if (this.#gap !== undefined) this.#push(this.#restarted(this.#gap));
    this.#gap = undefined;
    for (const event of events) {
      const { kind, lock, tenant, shard, revision } = event;
      if (kind === "WatchRestarted") this.#push(this.#restarted("a shard was out of reach"));
      else this.#push({ kind, lock, tenant, shard, revision });
    }
    this.#wake();
  }

  #ended(failure: Failure): void {
    this.#running = undefined;
    if (this.#over) return;
    if (!isRepeatable(failure)) {
      this.#failure = failure;
      this.#stop();
      return;
    }
    this.#gap = failure.message;
    const { clock, random } = this.#core.ports;
    const delayMs = backoffMs(random, this.#failures++, failure.retryAfterMs);
    this.#timer = clock.schedule(delayMs, () => this.#begin());
  }

  #push(event: WatchEvent): void {
    if (this.#events.length < bufferMax) this.#events.push(event);
    else this.#events = [this.#restarted(`the reader was ${bufferMax} events behind`)];
  }

  #restarted(why: string): WatchEvent {
    return { kind: "WatchRestarted", region: this.#query.region, why };
  }

  #wake(): void {
    this.#reader?.();
    this.#reader = undefined;
  }

  readonly #stop = (): void => {
    if (this.#over) return;
    this.#over = true;
    this.#timer?.cancel();
    this.#running?.cancel();
    this.#signal?.removeEventListener("abort", this.#stop);
    this.#forgetClosing?.();
    this.#wake();
  };
}
