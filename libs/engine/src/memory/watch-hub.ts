import type { Clock } from "@holdfast/base/clock";
import type { Watch, WatchEvent, WatchListener, WatchRequest } from "../ports/shard-store.ts";
import type { History } from "./history.ts";
import { SpanIndex } from "./span-index.ts";

interface Watcher {
  readonly key: string;
  readonly rangeEnd?: string;
  readonly startRevision: number;
  readonly withPrevious: boolean;
  readonly listener: WatchListener;
  ended: boolean;
}

type Delivery =
  | { readonly kind: "events"; readonly revision: bigint; readonly events: WatchEvent[] }
  | { readonly kind: "end"; readonly reason: "compacted" | "interrupted" };

/** Tells the watches every change they cover: in order, whole, never in the caller's stack. */
export class WatchHub {
  readonly #clock: Clock;
  readonly #watchers = new SpanIndex<Watcher>();
  readonly #live = new Set<Watcher>();
  #deliveries: { readonly watcher: Watcher; readonly delivery: Delivery }[] = [];
  #flushing = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(request: WatchRequest, listener: WatchListener, history: History): Watch {
    const startRevision = Number(request.startRevision);
    const { key, rangeEnd, withPrevious = false } = request;
    const span = rangeEnd === undefined ? { key } : { key, rangeEnd };
    const watcher: Watcher = { ...span, startRevision, withPrevious, listener, ended: false };
    this.#live.add(watcher);
    if (startRevision < history.compacted) {
      this.#deliver(watcher, { kind: "end", reason: "compacted" });
    } else {
      const catchingUp = new SpanIndex<Watcher>();
      catchingUp.add(watcher);
      history.replay(startRevision, (revision, events) => {
        // What was before the compacted revision is forgotten.
        const told = revision > history.compacted ? events : events.map(bare);
        this.#match(catchingUp, revision, told);
      });
      this.#watchers.add(watcher);
    }
    return { cancel: () => this.#remove(watcher) };
  }

  publish(revision: number, events: readonly WatchEvent[]): void {
    if (!this.#watchers.empty) this.#match(this.#watchers, revision, events);
  }

  /** Ends every watch as a lost connection does: what was not delivered yet is lost. */
  interrupt(): void {
    this.#deliveries = [];
    for (const watcher of this.#live) {
      this.#watchers.remove(watcher);
      this.#deliver(watcher, { kind: "end", reason: "interrupted" });
    }
  }

  #match(index: SpanIndex<Watcher>, revision: number, events: readonly WatchEvent[]): void {
    const matched = new Map<Watcher, WatchEvent[]>();
    for (const event of events) {
      index.visit(event.kv.key, (watcher) => {
        if (revision < watcher.startRevision) return;
        const own = matched.get(watcher);
        const told = watcher.withPrevious ? event : bare(event);
        if (own === undefined) matched.set(watcher, [told]);
        else own.push(told);
      });
    }
    for (const [watcher, own] of matched) {
      this.#deliver(watcher, { kind: "events", revision: BigInt(revision), events: own });
    }
  }

  #deliver(watcher: Watcher, delivery: Delivery): void {
    this.#deliveries.push({ watcher, delivery });
    if (this.#flushing) return;
    this.#flushing = true;
    this.#clock.schedule(0, () => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    const deliveries = this.#deliveries;
    this.#deliveries = [];
    for (const { watcher, delivery } of deliveries) {
      if (watcher.ended) continue;
      if (delivery.kind === "events") {
        watcher.listener.onEvents(delivery.revision, delivery.events);
      } else {
        this.#remove(watcher);
        watcher.listener.onEnd(delivery.reason);
      }
    }
  }

  #remove(watcher: Watcher): void {
    watcher.ended = true;
    this.#live.delete(watcher);
    this.#watchers.remove(watcher);
  }
}

/** The event without what was before it. */
function bare({ kind, kv }: WatchEvent): WatchEvent {
  return { kind, kv };
}
