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
