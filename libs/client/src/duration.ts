import { HoldfastError } from "./holdfast-error.ts";

/** Milliseconds, or a number with a unit: `"500ms"`, `"30s"`, `"5m"`, `"1h"`, `"1.5s"`. */
export type Duration = number | string;

const pattern = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h)$/;
const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Whole milliseconds of `duration`; throws INVALID_ARGUMENT that names `field`. */
export function durationMs(
  duration: Duration,
  field: string,
  bounds: { readonly min: number; readonly max: number },
): number {
  const ms = typeof duration === "number" ? duration : parse(duration);
  if (!Number.isFinite(ms)) {
    throw invalid(field, `${field} is ${show(duration)}; it must be ${examples}.`);
  }
  if (ms < bounds.min || ms > bounds.max) {
    const range = `${bounds.min} to ${bounds.max} ms`;
    throw invalid(field, `${field} is ${show(duration)}; it must be ${range}.`);
  }
  return Math.round(ms);
}

const examples = 'a number of ms or a text such as "500ms", "30s", "5m" or "1h"';

function parse(text: unknown): number {
  const match = typeof text === "string" ? pattern.exec(text.trim()) : null;
  if (match === null) return Number.NaN;
  return Number(match[1]) * (unitMs[match[2] ?? ""] ?? Number.NaN);
}

function show(duration: unknown): string {
  return typeof duration === "string" ? JSON.stringify(duration.slice(0, 40)) : String(duration);
}

function invalid(field: string, message: string): HoldfastError {
  return new HoldfastError("INVALID_ARGUMENT", message, { field });
}
