/** Something that people should read in the log of a service. */
export interface JournalNotice {
  readonly level: "info" | "warn" | "error";
  /** A few words with hyphens, the same for every notice of its kind. */
  readonly action: string;
  readonly message: string;
}

/** Gets the notices of a journal. */
export type NoticeListener = (notice: JournalNotice) => void;
