import type { Clock, Timer } from "@holdfast/base/clock";
import type { WatchEvent, WatchListener, WatchRequest } from "@holdfast/engine/ports/shard-store";
import type { RawStream } from "./member.ts";
import {
  decodeWatch,
  encodeProbe,
  encodeWatchCancel,
  encodeWatchCreate,
  noWatchId,
  type WatchMessage,
} from "./wire/watch.ts";

/** A stream that is silent for this long is probed. */
const quietMaxMs = 3_000;
/** A probe, or the creation of a watch, that is not answered in this time ends the stream. */
const answerMaxMs = 5_000;
/** How often both are looked at. */
const checkMs = 1_000;
/** Ids end here, far below 2^31; a stream that gets so far is replaced. */
const watchIdMax = 2 ** 30;

interface Entry {
  readonly listener: WatchListener;
  /** Events of a revision whose rest has not come yet. */
  partial: WatchEvent[];
  partialRevision: bigint;
}

/** What a {@link WatchStream} is made of. */
export interface WatchStreamOptions {
  readonly stream: RawStream;
  readonly clock: Clock;
  /** Whether a message comes from the right cluster. */
  readonly isOurs: (clusterId: bigint) => boolean;
  /** Called once, when the stream and all its watches have ended. */
  readonly onEnd: () => void;
}

/**
 * One watch stream of etcd and the watches on it. When it ends they all end as `interrupted`.
 *
 * etcd says nothing while nothing happens, and answers a progress request only once every watch has
 * passed its start revision; so a silent stream is probed with the creation of a watch, which is
 * always answered. A connection that is dead without being closed is noticed within nine seconds.
 */
export class WatchStream {
  readonly #options: WatchStreamOptions;
  readonly #entries = new Map<number, Entry>();
  /** Ids of watches asked for and not confirmed; etcd confirms in order. */
  readonly #creating: { readonly watchId: number; readonly sentMs: number }[] = [];
  #lastId = 0;
  #heardMs: number;
  #ended = false;
  #check: Timer | undefined;

  constructor(options: WatchStreamOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    const { stream } = options;
    stream.on("data", (message: Buffer) => {
      if (!this.#ended && !this.#onMessage(message)) this.end();
    });
    stream.on("error", () => this.end());
    stream.on("end", () => this.end());
    this.#check = this.#arm();
  }

  /** Starts a watch and returns how to cancel it; undefined once the stream takes no more. */
  add(request: WatchRequest, listener: WatchListener): (() => void) | undefined {
    if (this.#lastId >= watchIdMax) this.end();
    if (this.#ended) return undefined;
    const watchId = this.#create((id) => encodeWatchCreate(id, request));
    this.#entries.set(watchId, { listener, partial: [], partialRevision: 0n });
    return () => {
      if (this.#entries.delete(watchId)) this.#options.stream.write(encodeWatchCancel(watchId));
    };
  }

  /** Ends the stream and all its watches. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#check?.cancel();
    this.#options.stream.cancel();
    this.#options.onEnd();
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    for (const { listener } of entries) listener.onEnd("interrupted");
  }

  #create(encode: (watchId: number) => Buffer): number {
    this.#lastId += 1;
    const watchId = this.#lastId;
    this.#creating.push({ watchId, sentMs: this.#options.clock.monotonicMs() });
    this.#options.stream.write(encode(watchId));
    return watchId;
  }

  /** Whether the stream is still to be trusted after this message. */
  #onMessage(bytes: Buffer): boolean {
    const message = readable(bytes);
    if (message === undefined || !this.#options.isOurs(message.clusterId)) return false;
    this.#heardMs = this.#options.clock.monotonicMs();
    let { watchId } = message;
    if (message.created) {
      const asked = this.#creating.shift();
      // One that cannot be made is answered without its id.
      if (watchId === noWatchId && asked !== undefined) watchId = asked.watchId;
      else if (asked?.watchId !== watchId) return false;
    }
    const entry = this.#entries.get(watchId);
    if (entry === undefined) return true;
    if (message.events.length > 0) this.#deliver(watchId, entry, message);
    if (message.canceled && this.#entries.delete(watchId)) {
      entry.listener.onEnd(message.compactRevision > 0n ? "compacted" : "interrupted");
    }
    return true;
  }

  /** Hands over each revision whole; the last one of a fragment waits for what follows. */
  #deliver(watchId: number, entry: Entry, message: WatchMessage): void {
    const flush = () => {
      const events = entry.partial;
      entry.partial = [];
      // The listener may have cancelled the watch a revision ago.
      if (this.#entries.get(watchId) === entry) {
        entry.listener.onEvents(entry.partialRevision, events);
      }
    };
    for (const event of message.events) {
      const revision = event.kv.modRevision;
      if (entry.partial.length > 0 && revision !== entry.partialRevision) flush();
      entry.partialRevision = revision;
      entry.partial.push(event);
    }
    if (!message.fragment) flush();
  }

  #arm(): Timer {
    return this.#options.clock.schedule(checkMs, () => {
      const nowMs = this.#options.clock.monotonicMs();
      const oldest = this.#creating[0];
      if (oldest !== undefined && nowMs - oldest.sentMs > answerMaxMs) {
        this.end();
        return;
      }
      if (oldest === undefined && nowMs - this.#heardMs > quietMaxMs) {
        this.#options.stream.write(encodeWatchCancel(this.#create(encodeProbe)));
      }
      this.#check = this.#arm();
    });
  }
}

function readable(bytes: Buffer): WatchMessage | undefined {
  try {
    return decodeWatch(bytes);
  } catch {
    return undefined;
  }
}
