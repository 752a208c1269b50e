/** The last millisecond of the year 9999: a day after it has no name of ten characters. */
export const lastMs = 253_402_300_799_999;

const dayMs = 86_400_000;
let latest = { number: 0, day: "1970-01-01" };

/** The day in UTC, as YYYY-MM-DD, of a time from 1970 to {@link lastMs}. */
export function utcDay(atMs: number): string {
  const number = Math.floor(atMs / dayMs);
  // Times come in their order, nearly, and to print one costs more than all else that is asked of a
  // row: the day is printed when it changes.
  if (number !== latest.number) {
    latest = { number, day: new Date(atMs).toISOString().slice(0, 10) };
  }
  return latest.day;
}

/** Whether `day` is a day of the calendar, written as {@link utcDay} writes it. */
export function isUtcDay(day: string): boolean {
  const startMs = Date.parse(`${day}T00:00:00Z`);
  return startMs >= 0 && startMs <= lastMs && utcDay(startMs) === day;
}
