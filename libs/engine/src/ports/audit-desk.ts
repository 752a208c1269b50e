import type { Cancellation } from "@holdfast/base/cancellation";
import type { Failure } from "@holdfast/base/failure";
import type { ChainHead } from "@holdfast/core/audit/chain";
import type { Damage } from "@holdfast/core/audit/chain-damage";
import type { DelegatedAt, HeldAt } from "@holdfast/core/audit/held-at";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type { LedgerRow, Window } from "./ledger.ts";
import type { ArchivedPart } from "./ledger-records.ts";

/**
 * What people ask the record. It only reads, and no lock waits for it.
 *
 * Contract: no promise rejects but for a bug, and none but those of `tail`, `verify` and `export`
 * takes longer than a few readings of the ledger, or goes on after `cancellation`. A failure of the
 * ledger is SHARD_UNAVAILABLE: ask again. INVALID_ARGUMENT: a page token of another question.
 */
export interface AuditDesk {
  /**
   * Tells what arrives, each cluster's in its chain's order, until it is cancelled or fails.
   * `onBatch` is awaited before more is read, and is called once at the beginning.
   */
  tail(
    query: TailQuery,
    onBatch: (batch: TailBatch) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<Failure | undefined>;
  /** What happened to a lock, oldest first. */
  timeline(query: TimelineAsked, cancellation: Cancellation): Promise<RecordsPage | Failure>;
  /** Who held a lock at a moment. */
  at(lock: LockId, atMs: number, cancellation: Cancellation): Promise<AtAnswer | Failure>;
  /** What a session did, oldest first. */
  session(query: SessionAsked, cancellation: Cancellation): Promise<RecordsPage | Failure>;
  /** The locks for which most waiters queued, at most `limit` (1 to 1,000). */
  contended(window: Window & { readonly limit: number }): Promise<ContendedAnswer | Failure>;
  /**
   * Reads the chains as far as they had come when it began, in the ledger and in the archive, and
   * finds the first bad record of each. Damage is an answer, and no failure.
   */
  verify(
    query: VerifyQuery,
    onProgress: (progress: VerifyProgress) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<Failure | undefined>;
  /** All records of a window, chain by chain and in it day by day, from wherever they lie. */
  export(
    query: ExportQuery,
    onRecords: (records: readonly ExportedRecord[]) => Promise<void>,
    cancellation: Cancellation,
  ): Promise<ExportAnswer | Failure>;
  /** What was archived, by day, chain and part. */
  archived(query: ArchivedAsked): Promise<ArchivedPage | Failure>;
}

/** How much of an answer at once. */
interface PageAsked {
  /** 1 to 1,000. */
  readonly pageSize: number;
  /** Empty for the first page; opaque. */
  readonly pageToken: string;
}

/** Which page of a lock's events. */
export interface TimelineAsked extends PageAsked, Window {
  readonly lock: LockId;
}

/** Which page of a session's events. */
export interface SessionAsked extends PageAsked {
  /** Its reference. */
  readonly session: string;
}

/** Which page of the archived objects; days included, absent: no end on that side. */
export interface ArchivedAsked extends PageAsked {
  readonly fromDay?: string;
  readonly toDay?: string;
  readonly cluster?: string;
}

/** A record, and of a register's event the regions that are known to have shown its ballot. */
export interface TimelineRecord {
  readonly row: LedgerRow;
  readonly shownBy: readonly string[];
}

/** A page of records; `nextPageToken` is empty on the last one. */
export interface RecordsPage {
  readonly kind: "records";
  readonly records: readonly TimelineRecord[];
  readonly nextPageToken: string;
  readonly beyond: Beyond;
}

/** What of the time asked for is not in the hot store. */
export interface Beyond {
  /** The hot store has everything from here on; undefined: it is empty. */
  readonly hotFromMs: number | undefined;
  /** Objects that hold earlier records of the time asked for, of all locks: at most 100. */
  readonly objects: readonly ArchivedPart[];
  readonly more: boolean;
  /** The time asked for begins before this one, where the record begins: nobody knows the rest. */
  readonly beginsAtMs?: number;
  /** Times within the time asked for of which some history was lost: at most 100, in order. */
  readonly lost?: readonly LostHistory[];
}

/**
 * What happened in a shard from one revision to another, both included, was lost before it was
 * read; what stood there at the end of it was told anew.
 */
export interface LostHistory {
  readonly cluster: string;
  readonly region: string;
  readonly shard: string;
  /** Time of the last record before it; absent: not known. */
  readonly fromMs?: number;
  readonly toMs: number;
  readonly missingFrom: bigint;
  readonly missingTo: bigint;
}

/** Who held the lock. */
export interface AtAnswer {
  readonly kind: "at";
  /** In the order of their tokens. */
  readonly holders: readonly HeldAt[];
  /** One region gave the lock out by itself. */
  readonly delegation?: DelegatedAt;
  /** The record reaches far enough back to be sure. */
  readonly isComplete: boolean;
  /** What may not be believed, and why: a sentence each, for people. */
  readonly doubts: readonly string[];
  readonly beyond: Beyond;
}

/** The locks that were waited for most. */
export interface ContendedAnswer {
  readonly kind: "contended";
  readonly locks: readonly { readonly lock: LockId; readonly waiters: number }[];
  readonly beyond: Beyond;
}

/** Where a tail begins, and what it leaves out. */
export interface TailQuery {
  /** Behind a batch of an earlier tail; then `fromMs` does not count. */
  readonly cursor?: string;
  /** Absent: with what comes from now on. */
  readonly fromMs?: number;
  /** Only events of these locks, in whatever region. */
  readonly locks?: { readonly namespace: string; readonly name: string; readonly prefix: boolean };
  /** Only events with these names; empty: all. */
  readonly kinds: readonly string[];
}

/** What arrived; `cursor` is behind all of it. */
export interface TailBatch {
  readonly rows: readonly LedgerRow[];
  readonly missing: readonly MissingRun[];
  readonly cursor: string;
}

/** Numbers of a chain, both ends included. */
export interface MissingRun {
  readonly cluster: string;
  readonly first: bigint;
  readonly last: bigint;
}

/** What to verify. */
export interface VerifyQuery {
  /** Absent: all chains there are. */
  readonly cluster?: string;
  /** Heads that whoever asks knows from elsewhere. */
  readonly trusted: readonly ChainHead[];
  /** Heads of what the journals wrote to the log: the ledger may not have come so far. */
  readonly written?: readonly ChainHead[];
  /** No object of the archive is read. */
  readonly hotOnly?: boolean;
}

/** How far a verification is. */
export interface VerifyProgress {
  readonly cluster: string;
  /** Read so far, of all chains. */
  readonly records: number;
  /** The chain is done. */
  readonly verdict?: Verdict;
}

/** What was found of one chain. */
export interface Verdict {
  /** Up to here every record is as it was written. */
  readonly head: ChainHead;
  readonly records: number;
  /** Up to this number a head from elsewhere vouches for it. */
  readonly anchored: bigint;
  readonly damage?: Damage;
  /** Records that are parked, or of a version not known here: no columns could be compared. */
  readonly unknown: number;
  /** Records that are in the archive alone, and were not read. */
  readonly archived: readonly MissingRun[];
  /** Records from 1 to this number were forgotten. */
  readonly forgotten?: bigint;
  /** Objects that were read and are as they were stored. */
  readonly objects: number;
  /** Those that were not read, by reason. */
  readonly unread: readonly UnreadObjects[];
  /**
   * Up to this number the journal wrote records, and the ledger ends before it: they have not
   * arrived, or its end was cut off.
   */
  readonly written?: bigint;
}

/**
 * Why an object was not read. `hot-only`: that was asked for. `no-archive`: this desk has none.
 * `frozen`: it is to be ordered back first. `restoring`: it was, and is not there yet.
 * `unavailable`: the store did not give it. `damaged`: of an export, which tells no such records.
 */
export type UnreadWhy =
  | "hot-only"
  | "no-archive"
  | "frozen"
  | "restoring"
  | "unavailable"
  | "damaged";

/** Objects of one chain that were not read, all for one reason. That is no damage. */
export interface UnreadObjects {
  readonly cluster: string;
  readonly why: UnreadWhy;
  readonly objects: number;
  /** The lowest number in any of them, and the highest. */
  readonly first: bigint;
  readonly last: bigint;
  /** For people, of one of them. */
  readonly message: string;
}

/** Which records to export. */
export interface ExportQuery extends Window {
  /** Absent: of all chains there are. */
  readonly cluster?: string;
  /** No object of the archive is read. */
  readonly hotOnly?: boolean;
}

/** A record as it was chained, from wherever it lies. */
export type ExportedRecord = Pick<
  LedgerRow,
  "cluster" | "sequence" | "previousHash" | "hash" | "line"
>;

/** All were told but those of `unread`, which `beyond` names the objects of. */
export interface ExportAnswer {
  readonly kind: "exported";
  readonly beyond: Beyond;
  readonly unread: readonly UnreadObjects[];
}

/** A page of archived objects; `nextPageToken` is empty on the last one. */
export interface ArchivedPage {
  readonly kind: "archived";
  readonly objects: readonly ArchivedPart[];
  readonly nextPageToken: string;
  /** The hot store has everything from here on; undefined: it is empty. */
  readonly hotFromMs: number | undefined;
}
