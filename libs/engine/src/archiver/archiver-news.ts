import type { ArchivedPart } from "../ports/ledger-records.ts";
import type { ArchiveStep } from "./store-part.ts";

/** Something an operator may want to read in the log of an archiver. */
export type ArchiverNews =
  | { readonly kind: "stored"; readonly part: ArchivedPart }
  | { readonly kind: "dropped"; readonly day: string; readonly rows: number }
  /** Neither archived nor dropped until somebody has looked at it. */
  | {
      readonly kind: "damaged";
      readonly day: string;
      readonly cluster: string;
      readonly message: string;
    }
  /** Not archived before it is whole. */
  | {
      readonly kind: "incomplete";
      readonly day: string;
      readonly cluster: string;
      readonly message: string;
    }
  | { readonly kind: "failed"; readonly step: ArchiveStep; readonly message: string };

/** Hears what happens to an archiver; must not throw. */
export type ArchiverListener = (news: ArchiverNews) => void;
