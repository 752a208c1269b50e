import { usageError } from "../cli-error.ts";
import { longDuration } from "./duration.ts";

/** The last millisecond of the year 9999. */
const lastMs = 253_402_300_799_999;

const datePattern =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * A time as people type it, in milliseconds since 1970: `now`, `start` (before anything), how long
 * ago (`2h`, `1d12h`), or a date with or without a time of day, in UTC unless it says another
 * offset. A bare day is its first moment.
 */
export function parseMoment(text: string, option: string, nowMs: number): number {
  if (text === "now") return nowMs;
  if (text === "start") return 0;
  const agoMs = longDuration(text);
  const atMs = agoMs === undefined ? dateOf(text) : nowMs - agoMs;
  if (atMs !== undefined && atMs >= 0 && atMs <= lastMs) return Math.floor(atMs);
  throw usageError(
    `${option} ${JSON.stringify(text)} is no time.`,
    "Write how long ago (30m, 2h, 1d), a time in UTC (2026-01-31T12:00:00Z, 2026-01-31), or now.",
  );
}

/** A time for people, in UTC, to the second as the record knows it. */
export function printMoment(atMs: number): string {
  return atMs === 0 ? "unknown" : new Date(atMs).toISOString().replace("T", " ").slice(0, 19);
}

/** A time in JSON. */
export function isoMoment(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Undefined where it is none; a day that the month does not have is none either. */
function dateOf(text: string): number | undefined {
  const [, day, time = "00:00", zone = "Z"] = datePattern.exec(text) ?? [];
  if (day === undefined) return undefined;
  const startMs = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(startMs) || new Date(startMs).toISOString().slice(0, 10) !== day) {
    return undefined;
  }
  const atMs = Date.parse(`${day}T${time}${zone}`);
  return Number.isNaN(atMs) ? undefined : atMs;
}
