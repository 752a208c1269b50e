import type { Clock } from "@holdfast/base/clock";

/** How often the same trouble is spoken of, in milliseconds. */
const againMs = 30_000;

/** Something that people should read in the log of a service. */
export interface JournalNotice {
  readonly level: "info" | "warn" | "error";
  /** A few words with hyphens, the same for every notice of its kind. */
  readonly action: string;
  readonly message: string;
  /** It is said at each of many tries, until one succeeds. */
  readonly repeats?: true;
}

/** Gets the notices of a journal. */
export type NoticeListener = (notice: JournalNotice) => void;

/** Of notices that repeat it passes one of each kind on in half a minute. */
export function sparingly(clock: Clock, onNotice: NoticeListener): NoticeListener {
  const toldMs = new Map<string, number>();
  return (notice) => {
    const kind = `${notice.level} ${notice.action}`;
    const nowMs = clock.monotonicMs();
    const isTold = nowMs - (toldMs.get(kind) ?? Number.NEGATIVE_INFINITY) < againMs;
    if (notice.repeats && isTold) return;
    toldMs.set(kind, nowMs);
    onNotice(notice);
  };
}
