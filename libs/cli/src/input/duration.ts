import { usageError } from "../cli-error.ts";

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** One or more of `<number><unit>`: `30s`, `1m30s`, `1.5s`, `250ms`. */
const durationPattern = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
/** The same, for what is longer than any lock is held. */
const longPattern = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;

/** Milliseconds of a duration as people type it; a bare `0` is none. Rejects what is unclear. */
export function parseDuration(text: string, option: string): number {
  if (text === "0") return 0;
  if (!durationPattern.test(text)) {
    const missing = /^\d+(\.\d+)?$/.test(text) ? "has no unit" : "is not a duration";
    throw usageError(
      `${option} ${JSON.stringify(text)} ${missing}.`,
      `Write it with a unit, such as 500ms, 30s, 2m or 1h.`,
    );
  }
  return Math.round(sumOf(text));
}

/** Milliseconds of a duration that may also have days and weeks; undefined where it is none. */
export function longDuration(text: string): number | undefined {
  return longPattern.test(text) ? sumOf(text) : undefined;
}

function sumOf(text: string): number {
  let sumMs = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    sumMs += Number(amount) * (unitMs[unit ?? ""] ?? 0);
  }
  return sumMs;
}

/** The same, and within bounds that the API has too; saying it here saves a round trip. */
export function parseBoundedDuration(
  text: string,
  option: string,
  bounds: { readonly min: number; readonly max: number },
): number {
  const ms = parseDuration(text, option);
  if (ms >= bounds.min && ms <= bounds.max) return ms;
  throw usageError(
    `${option} ${text} is out of range: it may be ${printDuration(bounds.min)} to ` +
      `${printDuration(bounds.max)}.`,
  );
}

/** Milliseconds for people, two units at the most: `850ms`, `29.4s`, `3m20s`, `2h05m`, `3d04h`. */
export function printDuration(ms: number): string {
  if (ms < 0) return `-${printDuration(-ms)}`;
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${trimZero((ms / 1_000).toFixed(1))}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return twoUnits(seconds, 60, "m", "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1_440) return twoUnits(minutes, 60, "h", "m");
  return twoUnits(Math.round(minutes / 60), 24, "d", "h");
}

function twoUnits(amount: number, base: number, major: string, minor: string): string {
  const rest = amount % base;
  const whole = `${Math.floor(amount / base)}${major}`;
  return rest === 0 ? whole : `${whole}${String(rest).padStart(2, "0")}${minor}`;
}

function trimZero(text: string): string {
  return text.endsWith(".0") ? text.slice(0, -2) : text;
}
