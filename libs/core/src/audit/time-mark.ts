import { utf8, utf8Text } from "@holdfast/base/bytes";

/**
 * A shard has revisions and no times, so the journal writes the time into it: once a second its
 * wall clock in ms, under one key. An event's time is the last mark at or below its revision, and
 * so the same whenever the history is read.
 */
export const timeMarkKey = "m/time";

/** The stored form of a mark: decimal text, so that an operator can read it. */
export function encodeTimeMark(wallMs: number): Uint8Array {
  return utf8(String(Math.round(wallMs)));
}

/** Undefined where the bytes are no time. */
export function decodeTimeMark(bytes: Uint8Array): number | undefined {
  const text = utf8Text(bytes);
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** A clock that was ahead by more than this was wrong, in milliseconds. */
const aheadMaxMs = 10 * 60_000;

/**
 * The mark to write after `lastMs`, where the writer's clock says `wallMs`. Another writer's clock
 * may have been minutes ahead; going back to the true time, the end of a lock could be told as
 * before its beginning. So the marks stand still until the clock has caught up. Only where that
 * would take longer than ten minutes, they go back: a time that is wrong by so much helps nobody.
 */
export function nextMark(lastMs: number, wallMs: number): number {
  return lastMs - wallMs > aheadMaxMs ? wallMs : Math.max(lastMs, wallMs);
}
