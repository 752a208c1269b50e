import type { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import {
  decodeTimeMark,
  encodeTimeMark,
  nextMark,
  timeMarkKey,
} from "@holdfast/core/audit/time-mark";
import type { Compare } from "@holdfast/core/txn/txn";
import type { ShardStore } from "../ports/shard-store.ts";

/** How often the time is written, in milliseconds. */
export const markEveryMs = 1_000;

/** What the marks of one leader are written with. */
export interface TimeMarksOptions {
  readonly store: ShardStore;
  readonly clock: Clock;
  /** Holds while this journal leads. */
  readonly isLeader: Compare;
  /** Each second: a mark was written by `revision`; undefined: the shard did not take it. */
  readonly onMark: (markMs: number, revision: bigint | undefined) => void;
  /** Another journal leads. */
  readonly onSuperseded: () => void;
}

/**
 * Writes the time into the shard every second until it is cancelled, whatever becomes of the log:
 * what happens while the log is away has its time all the same. A second in which the shard does
 * not answer has no mark; its events then have the time of the one before.
 */
export async function writeTimeMarks(
  options: TimeMarksOptions,
  cancellation: Cancellation,
): Promise<void> {
  const { store, clock, isLeader, onMark, onSuperseded } = options;
  let lastMs: number | undefined;
  do {
    lastMs ??= await storedMark(store);
    if (cancellation.cancelled) continue;
    const markMs = nextMark(lastMs ?? 0, clock.wallMs());
    if (lastMs === undefined) {
      onMark(markMs, undefined);
      continue;
    }
    const reply = await store.commit({
      compares: [isLeader],
      success: [{ kind: "put", key: timeMarkKey, value: encodeTimeMark(markMs), lease: 0n }],
      failure: [],
    });
    if (reply.kind !== "committed") {
      onMark(markMs, undefined);
      continue;
    }
    if (!reply.result.succeeded) return onSuperseded();
    lastMs = markMs;
    onMark(markMs, reply.revision);
  } while ((await sleep(clock, markEveryMs, cancellation)) === "elapsed");
}

/** 0: there is none; undefined: not known. */
async function storedMark(store: ShardStore): Promise<number | undefined> {
  const reply = await store.range({ kind: "range", key: timeMarkKey });
  if (reply.kind !== "read") return undefined;
  const [stored] = reply.range.kvs;
  return (stored && decodeTimeMark(stored.value)) ?? 0;
}
