import type { RowConflict } from "../ports/ledger.ts";
import type { ParkedRecord, Violation } from "../ports/ledger-records.ts";

/** What an auditor waits for when it cannot go on. */
export type Waited = "log" | "ledger";

/** Something an operator may want to read in the log of an auditor. */
export type AuditorNews =
  | { readonly kind: "assigned"; readonly partitions: readonly string[] }
  /** Two events say that they are the same; the one that was there first stays. */
  | { readonly kind: "conflicts"; readonly conflicts: readonly RowConflict[] }
  /** Days that had been dropped have rows again. */
  | { readonly kind: "late-days"; readonly days: readonly string[] }
  /** At least one. */
  | { readonly kind: "parked"; readonly records: readonly ParkedRecord[] }
  | { readonly kind: "violation"; readonly violation: Violation }
  /** Said once, when the waiting begins. */
  | { readonly kind: "waiting"; readonly for: Waited; readonly message: string }
  | { readonly kind: "resumed"; readonly for: Waited }
  /** The partitions of a batch went to another member before it was committed. */
  | { readonly kind: "lost"; readonly records: number };

/** Hears what happens to an auditor; must not throw. */
export type AuditorListener = (news: AuditorNews) => void;
