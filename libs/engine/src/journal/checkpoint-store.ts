import { compareBytes } from "@holdfast/base/bytes";
import type { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import { read } from "@holdfast/core/lock/enqueue";
import { journalKey } from "@holdfast/core/lock/keys";
import { absent, type Compare, type Txn, writtenAt } from "@holdfast/core/txn/txn";
import type { ShardStore } from "../ports/shard-store.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { NoticeListener } from "./journal-notice.ts";

/** The pause before a write that failed is tried again, in milliseconds. */
const retryMs = 250;

/** What became of a write. `superseded`: another journal leads, or has written meanwhile. */
export type SaveResult = "saved" | "superseded" | "cancelled";

/** What is stored. */
export type LoadResult =
  | { readonly kind: "loaded"; readonly checkpoint: Checkpoint | undefined }
  /** A newer version's, or damaged. */
  | { readonly kind: "unreadable" }
  | { readonly kind: "unavailable"; readonly message: string };

/** Where a journal keeps its checkpoint. */
export interface Checkpoints {
  /** Reads what is stored; once, before the first save of a leader. */
  load(): Promise<LoadResult>;
  /** Writes, however often it takes. */
  save(checkpoint: Checkpoint, cancellation: Cancellation): Promise<SaveResult>;
}

/**
 * The checkpoint of one shard as one leader writes it: each write holds only where the checkpoint
 * is still the one it read or wrote before, and where it is still the leader. Of two journals that
 * both believe they lead, the one that was overtaken finds out with its next write.
 */
export class CheckpointStore implements Checkpoints {
  readonly #store: ShardStore;
  readonly #clock: Clock;
  readonly #onNotice: NoticeListener;
  /** Holds while this journal leads. */
  readonly #isLeader: Compare;
  /** The revision that wrote the stored checkpoint; 0: there is none. */
  #writtenAt = 0n;

  constructor(store: ShardStore, clock: Clock, isLeader: Compare, onNotice: NoticeListener) {
    this.#store = store;
    this.#clock = clock;
    this.#isLeader = isLeader;
    this.#onNotice = onNotice;
  }

  async load(): Promise<LoadResult> {
    const reply = await this.#store.range({ kind: "range", key: journalKey });
    if (reply.kind !== "read") return { kind: "unavailable", message: reply.message };
    const [stored] = reply.range.kvs;
    if (stored === undefined) return { kind: "loaded", checkpoint: undefined };
    this.#writtenAt = stored.modRevision;
    const checkpoint = decodeCheckpoint(stored.value);
    return checkpoint === undefined ? { kind: "unreadable" } : { kind: "loaded", checkpoint };
  }

  /** While the shard is away it tries again. */
  async save(checkpoint: Checkpoint, cancellation: Cancellation): Promise<SaveResult> {
    const value = encodeCheckpoint(checkpoint);
    let mayBeThere = false;
    while (!cancellation.cancelled) {
      const reply = await this.#store.commit(this.#writing(value));
      if (reply.kind === "committed") {
        if (reply.result.succeeded) {
          this.#writtenAt = reply.revision;
          return "saved";
        }
        const [stored] = read(reply.result.results[0]).kvs;
        const isOurs =
          mayBeThere && stored !== undefined && compareBytes(stored.value, value) === 0;
        if (!isOurs) return "superseded";
        // The try whose answer was lost. Whether it still leads shows with the next write.
        this.#writtenAt = stored.modRevision;
        return "saved";
      }
      if (reply.kind === "unknown") mayBeThere = true;
      const { message } = reply;
      this.#onNotice({ level: "warn", action: "checkpoint-failed", message, repeats: true });
      await sleep(this.#clock, retryMs, cancellation);
    }
    return "cancelled";
  }

  #writing(value: Uint8Array): Txn {
    const unchanged =
      this.#writtenAt === 0n ? absent(journalKey) : writtenAt(journalKey, this.#writtenAt);
    return {
      compares: [this.#isLeader, unchanged],
      success: [{ kind: "put", key: journalKey, value, lease: 0n }],
      failure: [{ kind: "range", key: journalKey }],
    };
  }
}
