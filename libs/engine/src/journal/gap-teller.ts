import { sleep } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import { auditedRange } from "@holdfast/core/audit/audited-key";
import type { AuditEvent } from "@holdfast/core/audit/event";
import { type Bookmark, bookmarkAt, closingMax, readStanding } from "@holdfast/core/audit/history";
import { timeMarkKey } from "@holdfast/core/audit/time-mark";
import { journalKey } from "@holdfast/core/lock/keys";
import type { KeyValue, RangeOp } from "@holdfast/core/txn/txn";
import { eventsTopic } from "../event-record.ts";
import type { EventRecord } from "../ports/event-log.ts";
import { chainEvents } from "./chained-events.ts";
import type { Checkpoint, GapProgress } from "./checkpoint.ts";
import type { TenureWork } from "./tenure-work.ts";

/** Keys that are read at once. */
const pageKeys = 500;
/** The pause before a call that was not answered is repeated, in milliseconds. */
const retryMs = 500;

/**
 * Tells that history is gone, and what stands in the shard in spite of it. One event says which
 * revisions are missing, and goes into every partition of the topic, so that whoever reads about a
 * lock of the shard learns it; behind it everything that stands is told as found, of one revision:
 * the first that is still there and of which no journal before can have told anything. From that
 * revision on nothing is missing.
 *
 * Which revisions are missing is stored before a word of it is told, and then how far it was told:
 * a journal that takes over in the middle goes on with the same records.
 */
export class GapTeller {
  readonly #work: TenureWork;

  constructor(work: TenureWork) {
    this.#work = work;
  }

  /** Goes on with the gap of the checkpoint, or begins one; undefined: the work is over. */
  async tell(checkpoint: Checkpoint): Promise<Checkpoint | undefined> {
    let current = checkpoint.gap === undefined ? await this.#begin(checkpoint) : checkpoint;
    while (current?.gap !== undefined) current = await this.#tellPage(current, current.gap);
    return current;
  }

  async #tellPage(checkpoint: Checkpoint, gap: GapProgress): Promise<Checkpoint | undefined> {
    const { of } = this.#work;
    const { bookmark } = checkpoint.done;
    const page = await this.#readAt(pageBehind(gap.after), gap.missingTo);
    if (page === undefined) return undefined;
    // Whoever compacts behind the journal's back has done it again.
    if (page === "compacted") return this.#begin(checkpoint);
    const isFirst = gap.index === 0;
    const standing = readStanding(of, gap.missingTo, page, bookmark, isFirst ? 1 : gap.index);
    const first = isFirst ? [this.#gapEvent(gap, bookmark)] : [];
    const events = [...first, ...standing.events];
    const chained = chainEvents(checkpoint.done.head, events);
    const end = { ...checkpoint.done, head: chained.head };
    const intended = {
      revision: gap.missingTo,
      head: later(checkpoint.intended.head, chained.head),
    };
    if (!(await this.#work.save({ ...checkpoint, intended }))) return undefined;
    this.#work.onEvents?.(events);
    const records = isFirst ? await this.#toEveryPartition(chained.records) : chained.records;
    if (records === undefined || !(await this.#work.append(records))) return undefined;
    const last = page.at(-1);
    if (page.length === pageKeys && last !== undefined) {
      return { done: end, intended, gap: { ...gap, after: last.key, index: standing.nextIndex } };
    }
    const done = { ...end, revision: gap.missingTo };
    return (await this.#work.save({ done, intended })) ? { done, intended } : undefined;
  }

  /** Finds out what is missing, and stores it. */
  async #begin({ done, intended, gap }: Checkpoint): Promise<Checkpoint | undefined> {
    const missingFrom = gap?.missingFrom ?? done.revision + 1n;
    // What stands further back may be in the log, in the form it had before the gap.
    const untold = max(missingFrom, intended.revision + 1n);
    const { metrics, onNotice, of } = this.#work;
    for (;;) {
      const missingTo = await this.#oldest(untold);
      if (missingTo === undefined) return undefined;
      const bookmark = await this.#bookmarkAt(missingTo);
      if (bookmark === undefined) return undefined;
      if (bookmark === "compacted") continue;
      // Records up to there may be in the log, from a journal that did not live to say so.
      const head = later(done.head, intended.head);
      const begun: Checkpoint = {
        done: { revision: done.revision, head, bookmark },
        intended: { revision: intended.revision, head },
        gap: { missingFrom, missingTo, after: "", index: 0 },
      };
      if (!(await this.#work.save(begun))) return undefined;
      metrics.gap(of.shard);
      const message =
        `the history of ${of.region}/${of.shard} from revision ${missingFrom} to ${missingTo} was ` +
        "gone before it was read: the record has a gap there. Somebody else than the journal " +
        "compacts this etcd.";
      onNotice({ level: "error", action: "history-gone", message });
      return begun;
    }
  }

  /** The first revision from `from` on at which the shard can still be read. */
  async #oldest(from: bigint): Promise<bigint | undefined> {
    const present = await this.#answer(() => {
      return this.#work.store.range({ kind: "range", key: journalKey });
    });
    if (present === undefined) return undefined;
    let [gone, there] = [from - 1n, present.revision];
    invariant(gone < there, "the checkpoint is younger than what it tells of");
    while (there - gone > 1n) {
      const middle = (gone + there) / 2n;
      const probe = { kind: "range", key: journalKey, countOnly: true } as const;
      const page = await this.#readAt(probe, middle);
      if (page === undefined) return undefined;
      if (page === "compacted") gone = middle;
      else there = middle;
    }
    return there;
  }

  async #bookmarkAt(revision: bigint): Promise<Bookmark | "compacted" | undefined> {
    const mark = await this.#readAt({ kind: "range", key: timeMarkKey }, revision);
    if (mark === undefined || mark === "compacted") return mark;
    const closing = { kind: "range", key: "e/", rangeEnd: "e0", limit: closingMax } as const;
    const said = await this.#readAt({ ...closing, keysOnly: true }, revision);
    if (said === undefined || said === "compacted") return said;
    return bookmarkAt(mark[0], said);
  }

  async #readAt(
    range: RangeOp,
    revision: bigint,
  ): Promise<readonly KeyValue[] | "compacted" | undefined> {
    const reply = await this.#answer(() => this.#work.store.rangeAt(range, revision));
    if (reply === undefined || reply.kind === "compacted") return reply?.kind;
    return reply.range.kvs;
  }

  /** Asks until there is an answer; undefined: the work is over. */
  async #answer<Reply extends { readonly kind: string }>(
    ask: () => Promise<Reply>,
  ): Promise<Exclude<Reply, { readonly kind: "unavailable" | "unknown" }> | undefined> {
    const { clock, lost } = this.#work;
    while (!lost.cancelled) {
      const reply = await ask();
      if (reply.kind !== "unavailable" && reply.kind !== "unknown") {
        return reply as Exclude<Reply, { readonly kind: "unavailable" | "unknown" }>;
      }
      await sleep(clock, retryMs, lost);
    }
    return undefined;
  }

  #gapEvent({ missingFrom, missingTo }: GapProgress, { markMs }: Bookmark): AuditEvent {
    const place = { ...this.#work.of, revision: missingTo, index: 0, atMs: markMs };
    return { ...place, kind: "AuditGap", missingFrom, missingTo };
  }

  async #toEveryPartition(
    records: readonly EventRecord[],
  ): Promise<readonly EventRecord[] | undefined> {
    const [gap, ...found] = records;
    invariant(gap !== undefined, "the gap comes first");
    const { log, clock, lost, onNotice } = this.#work;
    while (!lost.cancelled) {
      const topic = await log.checkTopic(eventsTopic, 1);
      if (topic.kind === "ready") {
        const copies = Array.from({ length: topic.partitions }, (_, partition) => {
          return { ...gap, partition };
        });
        return [...copies, ...found];
      }
      const { message } = topic;
      onNotice({ level: "warn", action: `topic-${topic.kind}`, message, repeats: true });
      await sleep(clock, retryMs, lost);
    }
    return undefined;
  }
}

function pageBehind(after: string): RangeOp {
  const key = after === "" ? auditedRange.prefix : `${after}\0`;
  return { kind: "range", key, rangeEnd: auditedRange.end, limit: pageKeys };
}

function max(left: bigint, right: bigint): bigint {
  return left > right ? left : right;
}

function later<Head extends { readonly sequence: bigint }>(left: Head, right: Head): Head {
  return right.sequence > left.sequence ? right : left;
}
