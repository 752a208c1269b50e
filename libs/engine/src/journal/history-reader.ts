import type { Clock, Timer } from "@holdfast/base/clock";
import { auditedRange } from "@holdfast/core/audit/audited-key";
import { type ChainHead, sameHash } from "@holdfast/core/audit/chain";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { type HistoryOf, readRevision } from "@holdfast/core/audit/history";
import type { ShardStore, Watch, WatchEvent } from "../ports/shard-store.ts";
import { chainEvents } from "./chained-events.ts";
import type { HistoryPosition } from "./checkpoint.ts";
import { HistoryBacklog, type RevisionBatch } from "./history-backlog.ts";
import { tracesIn } from "./traces-in.ts";

/** So many batches may wait; then the watch is given up, and the store keeps the rest. */
const waitingBatchesMax = 8;
/** Once so few wait, the history is read on. */
const waitingBatchesMin = 2;
/** The pause before a watch that was lost is opened again, in milliseconds. */
const reopenMs = 250;

/** What a {@link HistoryReader} is made of. */
export interface HistoryReaderOptions {
  readonly store: ShardStore;
  readonly clock: Clock;
  readonly of: HistoryOf;
  /** Where to go on. */
  readonly from: HistoryPosition;
  /** What an earlier reader came to at a revision that is read again. */
  readonly known: { readonly revision: bigint; readonly head: ChainHead };
  /** How many bytes of records are taken at once, but for a revision that has more. */
  readonly batchBytesMax: number;
  /** How long records wait for others to be taken together, in milliseconds. */
  readonly lingerMs: number;
  /** Told of the events of each revision as they are read. */
  readonly onEvents?: (events: readonly AuditEvent[]) => void;
  /** The watch was lost and is opened again. */
  readonly onReopen: () => void;
  /** History read again came to another head than `known`. */
  readonly onContradiction: (revision: bigint) => void;
}

/** What a reader has for its caller. */
export type Taken =
  | { readonly kind: "batch"; readonly batch: RevisionBatch }
  | { readonly kind: "idle" }
  /** All before was taken; what comes next is not in the store any more. */
  | { readonly kind: "lost" }
  | { readonly kind: "stopped" };

/**
 * Reads a shard's history from a place on, in order and without end, and turns it into records. It
 * holds a bounded number of bytes: while nobody takes them, the rest stays in the store.
 */
export class HistoryReader {
  readonly #options: HistoryReaderOptions;
  readonly #backlog = new HistoryBacklog();
  #read: HistoryPosition;
  #watch: Watch | undefined;
  #reopening: Timer | undefined;
  #isLost = false;
  #isStopped = false;
  #isFull = false;
  #wake: () => void = () => {};
  /** Revisions wake the waiting caller once so many bytes wait. */
  #wakeBytes = 0;

  constructor(options: HistoryReaderOptions) {
    this.#options = options;
    this.#read = options.from;
    this.#open();
  }

  /** The next batch, `idle` after `waitMs`. One call at a time. */
  async take(waitMs: number): Promise<Taken> {
    const { clock, lingerMs, batchBytesMax } = this.#options;
    const endMs = clock.monotonicMs() + waitMs;
    while (this.#backlog.isEmpty && !this.#isStopped && !this.#isLost) {
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) return { kind: "idle" };
      await this.#change(leftMs, 0);
    }
    const lingerEndMs = clock.monotonicMs() + lingerMs;
    while (!this.#isStopped && !this.#isLost && this.#backlog.bytes < batchBytesMax) {
      const leftMs = lingerEndMs - clock.monotonicMs();
      if (leftMs <= 0) break;
      await this.#change(leftMs, batchBytesMax);
    }
    if (this.#isStopped) return { kind: "stopped" };
    const batch = this.#backlog.take(batchBytesMax);
    if (batch === undefined) return { kind: "lost" };
    if (this.#isFull && this.#backlog.bytes <= waitingBatchesMin * batchBytesMax) {
      this.#isFull = false;
      this.#open();
    }
    return { kind: "batch", batch };
  }

  /** Reads no more; what waits is dropped. */
  stop(): void {
    this.#isStopped = true;
    this.#close();
    this.#wake();
  }

  #open(): void {
    if (this.#isStopped || this.#isLost) return;
    const request = {
      key: auditedRange.prefix,
      rangeEnd: auditedRange.end,
      startRevision: this.#read.revision + 1n,
      withPrevious: true,
    };
    this.#watch = this.#options.store.watch(request, {
      onEvents: (revision, events) => this.#onRevision(revision, events),
      onEnd: (reason) => this.#onEnd(reason),
    });
  }

  #close(): void {
    this.#watch?.cancel();
    this.#watch = undefined;
    this.#reopening?.cancel();
  }

  #onRevision(revision: bigint, watched: readonly WatchEvent[]): void {
    const { of, known, batchBytesMax, onEvents, onContradiction } = this.#options;
    const derived = readRevision(of, revision, watched, this.#read.bookmark);
    if (derived.kind === "history-lost") {
      this.#lose();
      return;
    }
    const traces = tracesIn(derived.events, watched);
    const chained = chainEvents(this.#read.head, derived.events, traces);
    if (revision === known.revision && !isSame(chained.head, known.head)) onContradiction(revision);
    this.#read = { revision, head: chained.head, bookmark: derived.bookmark };
    this.#backlog.add(chained, this.#read);
    if (derived.events.length > 0) onEvents?.(derived.events);
    if (this.#backlog.bytes >= waitingBatchesMax * batchBytesMax) {
      this.#isFull = true;
      this.#close();
    }
    if (this.#backlog.bytes >= this.#wakeBytes) this.#wake();
  }

  #onEnd(reason: "compacted" | "interrupted"): void {
    this.#watch = undefined;
    if (reason === "compacted") this.#lose();
    else {
      this.#options.onReopen();
      this.#reopening = this.#options.clock.schedule(reopenMs, () => this.#open());
    }
  }

  #lose(): void {
    this.#isLost = true;
    this.#close();
    this.#wake();
  }

  #change(withinMs: number, wakeBytes: number): Promise<void> {
    this.#wakeBytes = wakeBytes;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.schedule(withinMs, resolve);
    this.#wake = () => {
      timer.cancel();
      resolve();
    };
    return promise;
  }
}

function isSame(left: ChainHead, right: ChainHead): boolean {
  return left.sequence === right.sequence && sameHash(left.hash, right.hash);
}
