/** Where an object lies. What lies `GLACIER` or deeper must be restored before it can be read. */
export type StorageClass = "STANDARD" | "GLACIER" | "DEEP_ARCHIVE";

/** After how many days the lines of the archive go where storage costs less. */
export interface ArchiveLifecycle {
  readonly glacierDays: number;
  /** More than `glacierDays`. */
  readonly deepArchiveDays: number;
}

/** What an operator has who asks for nothing else. */
export const defaultLifecycle: ArchiveLifecycle = { glacierDays: 90, deepArchiveDays: 365 };

/** Where an object of that age lies by a lifecycle. */
export function storageClassAt(
  { glacierDays, deepArchiveDays }: ArchiveLifecycle,
  ageDays: number,
): StorageClass {
  if (ageDays >= deepArchiveDays) return "DEEP_ARCHIVE";
  return ageDays >= glacierDays ? "GLACIER" : "STANDARD";
}
