import type { LockId } from "@holdfast/core/lock/lock-id";
import type { ArchivedPart, ParkedRecord, Violation } from "./ledger-records.ts";

/**
 * The hot store of the audit: the events of the last days, in rows that people ask for.
 *
 * Contract (test/contract proves it for every implementation):
 * - A row is known by (day, cluster, revision, index) and is never changed. Appending it again is
 *   no change; a row under the same identity with another hash is a conflict: it is told, and the
 *   row that was there first stays. Nothing but the hash is compared.
 * - A batch is appended whole, its conflicts apart, or not at all. What may have been appended is
 *   `unknown`: append it again. Rows come in any order, from any number of writers at once; also
 *   two of one cluster with the same sequence, which a verifier calls a fork.
 * - Whatever was appended before a question was asked is in its answer.
 * - Rows in time order go by `atMs`, then by cluster (in the order in which this ledger first saw
 *   them), revision and index. Clusters have clocks of their own: only within one cluster is that
 *   the order of what happened, and there by (revision, index) alone if its clock went back.
 * - Pages go on behind the last row told, wherever rows have arrived since: no row that was there
 *   when the first page was asked for is missed, and none comes twice. A cursor is good for the
 *   question it came from, for as long as the rows live.
 * - A day is dropped only by {@link dropDay}. A row for a dropped day is stored like every other,
 *   also one that was there before the drop, and the answer says so.
 * - Readings and every other call that is not {@link append} may be repeated.
 */
export interface Ledger {
  /**
   * 0 to {@link batchRowsMax} rows, of at most {@link batchBytesMax} bytes of lines. Days that are
   * not open are opened.
   */
  append(rows: readonly LedgerRow[]): Promise<AppendReply>;
  /** Events of one lock in a window, oldest first. */
  timeline(query: TimelineQuery): Promise<PageReply>;
  /** Events of one lock at or before a moment, newest first: enough of them name the holder. */
  lockBefore(query: LockBeforeQuery): Promise<PageReply>;
  /** Events of one session, oldest first. */
  session(query: SessionQuery): Promise<PageReply>;
  /**
   * The locks for which most waiters queued in a window, most first; ties by region, namespace and
   * name in byte order. A grant that queued is counted once, however many rows of
   * {@link waiterQueuedKind} it has: a global one has a row in every region.
   */
  contended(query: ContendedQuery): Promise<ContendedReply>;
  /**
   * Rows of {@link auditGapKind} in a window, oldest first, whatever lock is asked about: each says
   * that some history of its shard was lost.
   */
  gaps(query: GapsQuery): Promise<PageReply>;
  /** Rows of one cluster by sequence, revision and index: what a verifier reads. */
  chain(query: ChainQuery): Promise<PageReply>;
  /** The row of a cluster with the highest sequence; of a fork, the last in {@link chain}. */
  head(cluster: string): Promise<HeadReply>;
  /** Opens days ahead, so that the first row after midnight does not wait. Any number of times. */
  openDays(days: readonly string[]): Promise<{ readonly kind: "opened" } | NotDone>;
  /** What was appended to each day that is open. Counted then: it proves nothing about now. */
  days(query: DaysQuery): Promise<DaysReply>;
  /**
   * Deletes a day with all its rows, if it has exactly `rows` of them: a row that came late is not
   * lost because somebody archived the day before it came. Dropping a day that is not open is a
   * success, for nothing is lost by it.
   */
  dropDay(day: string, rows: number): Promise<DropReply>;
  /** What breaks the promise of mutual exclusion; one with an id that is there is no change. */
  recordViolations(violations: readonly Violation[]): Promise<RecordReply>;
  /** Latest found first. */
  violations(query: ViolationsQuery): Promise<ListReply<Violation>>;
  /**
   * Keeps records that are no rows, of {@link batchBytesMax} in all; one with an id that is there
   * is no change. Nothing ever takes one away.
   */
  park(records: readonly ParkedRecord[]): Promise<RecordReply>;
  /** Earliest parked first. */
  parked(query: ParkedQuery): Promise<ListReply<ParkedRecord>>;
  /**
   * Which archived object holds which rows. The same part again is no change; another one under its
   * (day, cluster, part) is refused as `conflict`.
   */
  recordArchived(part: ArchivedPart): Promise<RecordReply>;
  /** By day, cluster (in byte order) and part. */
  archived(query: ArchivedQuery): Promise<ListReply<ArchivedPart>>;
}

/** Most rows of one {@link Ledger.append}. */
export const batchRowsMax = 10_000;
/** Most bytes of the lines of one {@link Ledger.append}. */
export const batchBytesMax = 32 * 1024 * 1024;
/** Longest line, in bytes. */
export const lineBytesMax = 64 * 1024;
/** Most rows of one page, of any list. */
export const pageRowsMax = 1_000;
/** The kinds of row that the ledger knows by name. */
export const waiterQueuedKind = "WaiterQueued";
/** See {@link Ledger.gaps}. */
export const auditGapKind = "AuditGap";

/** One event as it was chained, with all that a question may ask about it. */
export interface LedgerRow {
  /** 1 to 64 characters, as region, shard and kind. */
  readonly cluster: string;
  /** 0 to 2^63 - 1, as sequence and token. */
  readonly revision: bigint;
  /** 0 to 2^31 - 1. */
  readonly index: number;
  /** YYYY-MM-DD: the day of `atMs` in UTC. */
  readonly day: string;
  /** Whole milliseconds from 1970 to the year 9999. */
  readonly atMs: number;
  readonly region: string;
  readonly shard: string;
  /** Its place in the chain of the cluster. */
  readonly sequence: bigint;
  /** 32 bytes, as `hash`. */
  readonly previousHash: Uint8Array;
  readonly hash: Uint8Array;
  readonly kind: string;
  /** Region 1 to 64 characters; namespace up to 256, name up to 1,024 bytes of UTF-8. */
  readonly lock?: LockId;
  /** 1 to 256 bytes of UTF-8, as `session`. No text of a row has a NUL or half a surrogate pair. */
  readonly grantId?: string;
  readonly token?: bigint;
  /** The session's reference, never its id. */
  readonly session?: string;
  /** The event as it was chained, whatever its bytes: at most {@link lineBytesMax}. */
  readonly line: Uint8Array;
}

/** What makes a row itself. */
export type RowIdentity = Pick<LedgerRow, "day" | "cluster" | "revision" | "index">;

/** Certainly not done, or nobody knows whether it was. */
export type LedgerFailure =
  /** Certainly not done: the ledger could not be reached, or gave up and undid it. */
  | { readonly kind: "unavailable"; readonly message: string }
  /** May have been done, or may still be. */
  | { readonly kind: "unknown"; readonly message: string };

/** Certainly not done, and not to be repeated as it is. */
export interface LedgerRefusal {
  readonly kind: "refused";
  readonly reason: LedgerRefusalReason;
  readonly message: string;
}

/**
 * `invalid`: it breaks a limit of this contract. `no-space`: the disk is full; whoever waits until
 * it is not may repeat it. `denied`: credentials or rights. `conflict`: something else is there.
 */
export type LedgerRefusalReason = "invalid" | "no-space" | "denied" | "conflict";

/** Why a call did nothing that one may rely on. */
export type NotDone = LedgerRefusal | LedgerFailure;

/**
 * `added` rows are new; all others were there, `conflicts` (in no particular order) with another
 * hash.
 */
export type AppendReply =
  | {
      readonly kind: "appended";
      readonly added: number;
      readonly conflicts: readonly RowConflict[];
      /** Days with new rows that had been dropped: what was archived of them lacks these. */
      readonly lateDays: readonly string[];
    }
  | NotDone;

/** Two rows that say they are the same event. */
export interface RowConflict {
  readonly identity: RowIdentity;
  readonly storedHash: Uint8Array;
  readonly givenHash: Uint8Array;
}

/** How much of an answer at once: `limit` from 1 to {@link pageRowsMax}. */
export interface Paging {
  readonly limit: number;
  /** `next` of the page before; without it, the first page. */
  readonly after?: string;
}

/** Both ends included; milliseconds since 1970. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** See {@link Ledger.timeline}. */
export interface TimelineQuery extends Paging, Window {
  readonly lock: LockId;
}

/** See {@link Ledger.lockBefore}. */
export interface LockBeforeQuery extends Paging {
  readonly lock: LockId;
  readonly atMs: number;
}

/** See {@link Ledger.session}. */
export interface SessionQuery extends Paging {
  /** Its reference. */
  readonly session: string;
}

/** See {@link Ledger.chain}. */
export interface ChainQuery extends Paging {
  readonly cluster: string;
  /** Only rows of this day. */
  readonly day?: string;
  /** The lowest sequence: where a verifier that was interrupted goes on. */
  readonly fromSequence?: bigint;
}

/** See {@link Ledger.gaps}. */
export interface GapsQuery extends Paging, Window {}

/** See {@link Ledger.contended}. */
export interface ContendedQuery extends Window {
  /** 1 to {@link pageRowsMax}. */
  readonly limit: number;
}

/** Of both days included; 1 to {@link pageRowsMax} days: ask again from behind the last one. */
export interface DaysQuery {
  readonly fromDay?: string;
  readonly toDay?: string;
  readonly limit: number;
}

/** See {@link Ledger.violations}. The window is of the time they were found. */
export interface ViolationsQuery extends Paging, Window {}

/** See {@link Ledger.parked}. `limit` from 1 to {@link parkedRowsMax}. */
export type ParkedQuery = Paging;

/** See {@link Ledger.archived}. Both days included. */
export interface ArchivedQuery extends Paging {
  readonly fromDay?: string;
  readonly toDay?: string;
  readonly cluster?: string;
}

/** Rows in the order of the question; `next` is absent where there was no further one. */
export type PageReply =
  | { readonly kind: "page"; readonly rows: readonly LedgerRow[]; readonly next?: string }
  | NotDone;

/** Records in the order of the question; `next` as in {@link PageReply}. */
export type ListReply<Item> =
  | { readonly kind: "list"; readonly items: readonly Item[]; readonly next?: string }
  | NotDone;

/** Done; or it had been done before. */
export type RecordReply = { readonly kind: "recorded" } | NotDone;

/** Locks with the number of waiters that queued for them. */
export type ContendedReply =
  | {
      readonly kind: "contended";
      readonly locks: readonly { readonly lock: LockId; readonly waiters: number }[];
    }
  | NotDone;

/** Absent: there is no row of the cluster. */
export type HeadReply = { readonly kind: "head"; readonly row?: LedgerRow } | NotDone;

/** Days in order. */
export type DaysReply = { readonly kind: "days"; readonly days: readonly LedgerDay[] } | NotDone;

/** `changed`: the day has `rows`, not as many as were expected, and was not dropped. */
export type DropReply =
  | { readonly kind: "dropped" }
  | { readonly kind: "changed"; readonly rows: number }
  | NotDone;

/** An open day. One that was opened ahead has no clusters yet. */
export interface LedgerDay {
  readonly day: string;
  /** In the order of their names in bytes. */
  readonly clusters: readonly ClusterOfDay[];
  /** It was dropped before: earlier rows of it are archived, if anywhere. */
  readonly wasDropped: boolean;
}

/** What one cluster has in one day. */
export interface ClusterOfDay {
  readonly cluster: string;
  readonly rows: number;
  readonly firstSequence: bigint;
  readonly lastSequence: bigint;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}
