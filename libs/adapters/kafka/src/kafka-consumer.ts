import type { Clock, Timer } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import type {
  CommitReply,
  ConsumedRecord,
  EventBatch,
  EventConsumer,
  NextReply,
} from "@holdfast/engine/ports/event-log";
import { inTime } from "./in-time.ts";
import type {
  Chunk,
  ClientConsumer,
  ClientConsumerListener,
  KafkaClient,
  Position,
} from "./kafka-client.ts";

/** What a consumer is made of. */
export interface KafkaConsumerOptions {
  readonly client: KafkaClient;
  readonly clock: Clock;
  readonly group: string;
  readonly topics: readonly string[];
  readonly nextRecordsMax: number;
  /**
   * After this long without an answer a commit may or may not have been made, and a member that is
   * closed is left to leave by itself; in milliseconds.
   */
  readonly commitTimeoutMs: number;
  readonly onClose: () => void;
}

/** A member that lost its brokers comes back this often, in milliseconds. */
const reopenMs = 1_000;

/** The batch that was given out and is not committed. */
interface Outstanding {
  readonly batch: EventBatch;
  readonly chunks: readonly Chunk[];
  readonly generation: number;
}

/**
 * A member of a group in Kafka. The client pushes records as they come; here they wait, a chunk of
 * each partition at most, until they are asked for.
 */
export class KafkaConsumer implements EventConsumer {
  readonly #options: KafkaConsumerOptions;
  #client: ClientConsumer | undefined;
  /** Chunks that were handed over in this generation and wait to be taken. */
  #chunks: Chunk[] = [];
  /** Raised whenever what was handed over before is void. */
  #generation = 0;
  /** Partitions the caller has not been told of yet. */
  #assigned: readonly string[] | undefined;
  /** In its group, or why not. */
  #trouble: string | undefined = "it has not joined its group yet";
  #outstanding: Outstanding | undefined;
  #waiting = false;
  #wake: () => void = () => {};
  #reopen: Timer | undefined;
  #closed = false;

  constructor(options: KafkaConsumerOptions) {
    this.#options = options;
    void this.#open();
  }

  async next(waitMs: number): Promise<NextReply> {
    invariant(!this.#waiting, "one call at a time");
    invariant(this.#outstanding === undefined, "the last batch is committed or lost first");
    const { clock } = this.#options;
    const endMs = clock.monotonicMs() + waitMs;
    this.#waiting = true;
    try {
      for (;;) {
        const reply = this.#look();
        if (reply !== undefined) return reply;
        const leftMs = endMs - clock.monotonicMs();
        if (leftMs <= 0 || this.#closed) break;
        await this.#change(leftMs);
      }
    } finally {
      this.#waiting = false;
    }
    if (this.#trouble === undefined || this.#closed) return { kind: "idle" };
    return { kind: "unavailable", message: this.#trouble };
  }

  async commit(batch: EventBatch): Promise<CommitReply> {
    const outstanding = this.#outstanding;
    invariant(outstanding?.batch === batch, "the batch given last is the one to commit");
    if (this.#isVoid(outstanding)) return this.#lost();
    const { clock, commitTimeoutMs } = this.#options;
    const client = this.#client;
    // Its chunks came from a client, which can only have gone since by ending.
    invariant(client !== undefined, "a batch that is not void has a client");
    const commit = client.commit(positionsAfter(batch.records));
    const failed = await inTime(clock, commitTimeoutMs, commit);
    if (this.#isVoid(outstanding)) return this.#lost();
    if (failed === "late") {
      return { kind: "unknown", message: `no answer from Kafka in ${commitTimeoutMs} ms` };
    }
    if (failed !== undefined) return { kind: "unknown", message: failed.message };
    this.#outstanding = undefined;
    for (const chunk of outstanding.chunks) chunk.done();
    return { kind: "committed" };
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#reopen?.cancel();
    this.#revoke();
    const { clock, commitTimeoutMs, onClose } = this.#options;
    onClose();
    // However long the client tries: a group misses a silent member by itself.
    if (this.#client !== undefined) await inTime(clock, commitTimeoutMs, this.#client.close());
  }

  /** Its partitions may have another member by now, who may be further on: nothing to commit. */
  #isVoid({ generation }: Outstanding): boolean {
    return generation !== this.#generation || this.#closed;
  }

  #lost(): CommitReply {
    this.#outstanding = undefined;
    return { kind: "lost" };
  }

  async #open(): Promise<void> {
    const { client, group, topics, nextRecordsMax } = this.#options;
    let ended = false;
    const listener: ClientConsumerListener = {
      onAssigned: (partitions) => {
        this.#assigned = partitions;
        this.#trouble = undefined;
        this.#revoke();
      },
      onChunk: (chunk) => {
        this.#chunks.push(chunk);
        this.#wake();
      },
      onRevoked: () => this.#revoke(),
      onEnd: (message) => {
        ended = true;
        this.#openLater(message);
      },
    };
    const options = { group, topics, chunkRecordsMax: nextRecordsMax, listener };
    const opened = await client.openConsumer(options);
    if (opened.kind === "failure") this.#openLater(opened.message);
    else if (this.#closed) await opened.close();
    else if (!ended) this.#client = opened;
  }

  #openLater(message: string): void {
    this.#client = undefined;
    this.#trouble = message;
    this.#revoke();
    if (this.#closed) return;
    this.#reopen = this.#options.clock.schedule(reopenMs, () => void this.#open());
  }

  #revoke(): void {
    this.#generation += 1;
    this.#chunks = [];
    this.#wake();
  }

  #look(): NextReply | undefined {
    if (this.#closed) return undefined;
    const partitions = this.#assigned;
    if (partitions !== undefined) {
      this.#assigned = undefined;
      return { kind: "assigned", partitions };
    }
    const chunks = this.#takeChunks();
    if (chunks.length === 0) return undefined;
    const batch = { records: chunks.flatMap(({ records }) => records) };
    this.#outstanding = { batch, chunks, generation: this.#generation };
    return { kind: "records", batch };
  }

  /** Whole chunks, the oldest first, while they fit. */
  #takeChunks(): Chunk[] {
    const { nextRecordsMax } = this.#options;
    let count = 0;
    let records = 0;
    for (const chunk of this.#chunks) {
      if (records + chunk.records.length > nextRecordsMax) break;
      records += chunk.records.length;
      count += 1;
    }
    return this.#chunks.splice(0, count);
  }

  #change(withinMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#options.clock.schedule(withinMs, resolve);
    this.#wake = () => {
      timer.cancel();
      // A turn later the other partitions of the same answer have been handed over as well.
      setImmediate(resolve);
    };
    return promise;
  }
}

/** Where each partition is to be gone on from after these records. */
function positionsAfter(records: readonly ConsumedRecord[]): Position[] {
  const positions = new Map<string, Position>();
  for (const { topic, partition, offset } of records) {
    positions.set(`${topic}/${partition}`, { topic, partition, offset: offset + 1n });
  }
  return [...positions.values()];
}
