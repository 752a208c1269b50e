import { usageError } from "../cli-error.ts";

/** A whole number within bounds, as an option's value. */
export function parseInteger(
  text: string,
  option: string,
  bounds: { readonly min: number; readonly max: number },
): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw usageError(
    `${option} ${JSON.stringify(text)} is not a whole number from ${bounds.min} to ${bounds.max}.`,
  );
}
