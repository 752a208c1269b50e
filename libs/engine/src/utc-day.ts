/** The last millisecond of the year 9999: a day after it has no name of ten characters. */
export const lastMs = 253_402_300_799_999;

/** The day in UTC, as YYYY-MM-DD, of a time from 1970 to {@link lastMs}. */
export function utcDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

/** Whether `day` is a day of the calendar, written as {@link utcDay} writes it. */
export function isUtcDay(day: string): boolean {
  const startMs = Date.parse(`${day}T00:00:00Z`);
  return startMs >= 0 && startMs <= lastMs && utcDay(startMs) === day;
}
