import type { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import {
  type AppendReply,
  type EventLogLimits,
  type EventProducer,
  type EventRecord,
  recordBytes,
} from "../ports/event-log.ts";
import type { NoticeListener } from "./journal-notice.ts";

/** The pause after a failure, doubled with each one that follows, in milliseconds. */
const pauseMinMs = 200;
const pauseMaxMs = 5_000;

/** What an {@link EventAppender} is made of. */
export interface EventAppenderOptions {
  readonly producer: EventProducer;
  readonly limits: EventLogLimits;
  readonly clock: Clock;
  readonly onNotice: NoticeListener;
  /** Told of each append that was not acknowledged. */
  readonly onFailure: (reason: string) => void;
}

/**
 * Brings records into the log, in their order, however long that takes: what was not acknowledged
 * is appended again as it was, for every reader knows a record by its identity. No record is left
 * out or cut: one that the broker will not take, or a topic that is not there, holds up all that is
 * behind it, in the open, until an operator has set up the topic as it must be.
 */
export class EventAppender {
  readonly #options: EventAppenderOptions;
  /** Halved where a topic takes less than the log's limits promise, doubled with each success. */
  #recordsMax: number;

  constructor(options: EventAppenderOptions) {
    this.#options = options;
    this.#recordsMax = options.limits.appendRecordsMax;
  }

  /** False: it was cancelled before all were acknowledged. */
  async append(records: readonly EventRecord[], cancellation: Cancellation): Promise<boolean> {
    let from = 0;
    let pauseMs = pauseMinMs;
    while (from < records.length) {
      if (cancellation.cancelled) return false;
      const chunk = this.#chunk(records, from);
      const reply = await this.#options.producer.append(chunk);
      if (reply.kind === "appended") {
        from += chunk.length;
        pauseMs = pauseMinMs;
        this.#recordsMax = Math.min(this.#recordsMax * 2, this.#options.limits.appendRecordsMax);
        continue;
      }
      this.#note(reply, chunk.length);
      if (reply.kind === "refused" && reply.reason === "too-large" && chunk.length > 1) {
        // It may be the batch that is too large, where the topic has a limit of its own.
        this.#recordsMax = Math.ceil(chunk.length / 2);
        continue;
      }
      await sleep(this.#options.clock, pauseMs, cancellation);
      pauseMs = Math.min(pauseMs * 2, pauseMaxMs);
    }
    return true;
  }

  #chunk(records: readonly EventRecord[], from: number): readonly EventRecord[] {
    const { appendBytesMax } = this.#options.limits;
    let [to, bytes] = [from, 0];
    while (to < records.length && to - from < this.#recordsMax) {
      bytes += recordBytes(records[to] as EventRecord);
      if (bytes > appendBytesMax && to > from) break;
      to += 1;
    }
    invariant(to > from, "a chunk has records");
    return records.slice(from, to);
  }

  #note(reply: Exclude<AppendReply, { readonly kind: "appended" }>, count: number): void {
    const { onNotice, onFailure } = this.#options;
    const reason = reply.kind === "refused" ? reply.reason : reply.kind;
    onFailure(reason);
    const isRefused = reply.kind === "refused" && (reply.reason !== "too-large" || count === 1);
    onNotice({
      level: isRefused ? "error" : "warn",
      repeats: true,
      action: `append-${reason}`,
      message: isRefused
        ? `the log refuses the record, and nothing behind it is written until it takes it ` +
          `(${remedies[reply.reason]}): ${reply.message}`
        : `the log has not acknowledged ${count} records, they are appended again: ${reply.message}`,
    });
  }
}

const remedies = {
  "too-large": "raise max.message.bytes of the topic: an event has up to 33 KB",
  "topic-missing": "create the topic",
  "not-authorized": "allow the journal to write to the topic",
} as const;
