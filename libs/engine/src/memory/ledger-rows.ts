import type { LockId } from "@holdfast/core/lock/lock-id";
import { lockKey } from "@holdfast/core/lock/lock-id";
import { auditGapKind, type LedgerRow, waiterQueuedKind } from "../ports/ledger.ts";
import { OrderedItems } from "./ordered-items.ts";

/** A row, and the place of its cluster among the clusters. */
export interface PlacedRow {
  readonly row: LedgerRow;
  readonly clusterNumber: number;
}

/** Rows of one lock, of one session or of one kind, by time. */
export type RowsInTime = OrderedItems<PlacedRow>;

/** The rows of a ledger, ordered for each of its questions. */
export class LedgerRows {
  readonly #clusters = new Map<string, number>();
  readonly #locks = new Map<string, RowsInTime>();
  readonly #sessions = new Map<string, RowsInTime>();
  readonly #chains = new Map<string, OrderedItems<PlacedRow>>();
  readonly waiting: RowsInTime = new OrderedItems(inTime);
  readonly gaps: RowsInTime = new OrderedItems(inTime);

  /** Clusters are numbered as they are first seen; undefined: it never was. */
  clusterNumber(cluster: string): number | undefined {
    return this.#clusters.get(cluster);
  }

  insert(row: LedgerRow): void {
    const clusterNumber = this.#clusters.get(row.cluster) ?? this.#clusters.size;
    this.#clusters.set(row.cluster, clusterNumber);
    const placed = { row, clusterNumber };
    partOf(this.#chains, row.cluster, inChain).insert(placed);
    if (row.lock !== undefined) partOf(this.#locks, lockKey(row.lock), inTime).insert(placed);
    if (row.session !== undefined) partOf(this.#sessions, row.session, inTime).insert(placed);
    if (row.lock !== undefined && row.kind === waiterQueuedKind) this.waiting.insert(placed);
    if (row.kind === auditGapKind) this.gaps.insert(placed);
  }

  ofLock(lock: LockId): RowsInTime {
    return this.#locks.get(lockKey(lock)) ?? new OrderedItems(inTime);
  }

  ofSession(session: string): RowsInTime {
    return this.#sessions.get(session) ?? new OrderedItems(inTime);
  }

  /** By sequence, revision and index. */
  ofCluster(cluster: string): OrderedItems<PlacedRow> {
    return this.#chains.get(cluster) ?? new OrderedItems(inChain);
  }

  /** Removes all rows for which `isRowGone`. */
  remove(isRowGone: (row: LedgerRow) => boolean): void {
    const isGone = ({ row }: PlacedRow): boolean => isRowGone(row);
    this.waiting.remove(isGone);
    this.gaps.remove(isGone);
    for (const parts of [this.#locks, this.#sessions, this.#chains]) {
      for (const [key, rows] of parts) {
        rows.remove(isGone);
        if (rows.size === 0) parts.delete(key);
      }
    }
  }
}

/** Time order: see the port. */
export function inTime(left: PlacedRow, right: PlacedRow): number {
  return (
    left.row.atMs - right.row.atMs ||
    left.clusterNumber - right.clusterNumber ||
    ascending(left.row.revision, right.row.revision) ||
    left.row.index - right.row.index
  );
}

function inChain({ row: left }: PlacedRow, { row: right }: PlacedRow): number {
  return (
    ascending(left.sequence, right.sequence) ||
    ascending(left.revision, right.revision) ||
    left.index - right.index
  );
}

/** The order of two numbers too large to be taken from each other. */
export function ascending(left: bigint, right: bigint): number {
  return left < right ? -1 : Number(left > right);
}

function partOf(
  parts: Map<string, OrderedItems<PlacedRow>>,
  key: string,
  order: (left: PlacedRow, right: PlacedRow) => number,
): OrderedItems<PlacedRow> {
  const found = parts.get(key) ?? new OrderedItems(order);
  parts.set(key, found);
  return found;
}
