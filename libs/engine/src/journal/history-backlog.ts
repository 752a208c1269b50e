import type { EventRecord } from "../ports/event-log.ts";
import type { ChainedEvents } from "./chained-events.ts";
import type { HistoryPosition } from "./checkpoint.ts";

/** Records that are produced together, and the place behind them. */
export interface RevisionBatch {
  /** Of whole revisions; none where nothing happened that is told. */
  readonly records: readonly EventRecord[];
  readonly end: HistoryPosition;
}

interface Entry {
  readonly chained: ChainedEvents;
  end: HistoryPosition;
}

/** Revisions that were read and are not taken yet, in order. */
export class HistoryBacklog {
  #entries: Entry[] = [];
  /** Entries before it have been taken. */
  #taken = 0;
  #bytes = 0;

  /** Bytes of the records that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#taken === this.#entries.length;
  }

  add(chained: ChainedEvents, end: HistoryPosition): void {
    const last = this.#entries.at(-1);
    // Marks and checkpoints come for ever, and are not worth an entry each while nobody takes any.
    if (chained.records.length === 0 && last !== undefined && !this.isEmpty) last.end = end;
    else this.#entries.push({ chained, end });
    this.#bytes += chained.bytes;
  }

  /** As many whole revisions as have so many bytes, one at least. */
  take(bytesMax: number): RevisionBatch | undefined {
    let end: HistoryPosition | undefined;
    let bytes = 0;
    const parts: (readonly EventRecord[])[] = [];
    for (; this.#taken < this.#entries.length; this.#taken++) {
      const { chained, end: behind } = this.#entries[this.#taken] as Entry;
      bytes += chained.bytes;
      if (end !== undefined && bytes > bytesMax) break;
      parts.push(chained.records);
      end = behind;
      this.#bytes -= chained.bytes;
    }
    this.#dropTaken();
    return end === undefined ? undefined : { records: parts.flat(), end };
  }

  #dropTaken(): void {
    // Now and then, or the cost of each removal would grow with what waits.
    if (this.#taken < 1_024 && !this.isEmpty) return;
    this.#entries = this.#entries.slice(this.#taken);
    this.#taken = 0;
  }
}
