import { compareBytes, utf8 } from "@holdfast/base/bytes";
import type { ClusterOfDay, DaysQuery, LedgerDay, LedgerRow } from "../ports/ledger.ts";
import { ascending } from "./ledger-rows.ts";

/** The open days of a ledger in memory, with the rows of each by their identity. */
export class LedgerDays {
  readonly #open = new Map<string, Map<string, LedgerRow>>();
  readonly #dropped = new Set<string>();
  #rows = 0;

  /** Of all days. */
  get rows(): number {
    return this.#rows;
  }

  row(day: string, key: string): LedgerRow | undefined {
    return this.#open.get(day)?.get(key);
  }

  open(day: string): Map<string, LedgerRow> {
    const rows = this.#open.get(day) ?? new Map<string, LedgerRow>();
    this.#open.set(day, rows);
    return rows;
  }

  add(key: string, row: LedgerRow): void {
    this.open(row.day).set(key, row);
    this.#rows += 1;
  }

  /** Undefined: the day is not open. */
  rowsOf(day: string): number | undefined {
    return this.#open.get(day)?.size;
  }

  drop(day: string): void {
    this.#rows -= this.rowsOf(day) ?? 0;
    this.#open.delete(day);
    this.#dropped.add(day);
  }

  /** Takes out the rows that came first, and the days that have none left. */
  takeOldest(count: number): LedgerRow[] {
    const taken: LedgerRow[] = [];
    for (const [day, rows] of this.#open) {
      for (const [key, row] of rows) {
        if (taken.length === count) break;
        taken.push(row);
        rows.delete(key);
      }
      if (rows.size === 0 && taken.length < count) this.#open.delete(day);
    }
    this.#rows -= taken.length;
    return taken;
  }

  wasDropped(day: string): boolean {
    return this.#dropped.has(day);
  }

  list({ fromDay = "", toDay = "9999-12-31", limit }: DaysQuery): LedgerDay[] {
    return [...this.#open]
      .filter(([day]) => day >= fromDay && day <= toDay)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .slice(0, limit)
      .map(([day, rows]) => ({
        day,
        clusters: clustersOf(rows.values()),
        wasDropped: this.wasDropped(day),
      }));
  }
}

function clustersOf(rows: Iterable<LedgerRow>): ClusterOfDay[] {
  const found = new Map<string, ClusterOfDay>();
  for (const { cluster, sequence, atMs } of rows) {
    const before = found.get(cluster);
    const first = before?.firstSequence ?? sequence;
    const last = before?.lastSequence ?? sequence;
    found.set(cluster, {
      cluster,
      rows: (before?.rows ?? 0) + 1,
      firstSequence: ascending(first, sequence) < 0 ? first : sequence,
      lastSequence: ascending(last, sequence) > 0 ? last : sequence,
      firstAtMs: Math.min(before?.firstAtMs ?? atMs, atMs),
      lastAtMs: Math.max(before?.lastAtMs ?? atMs, atMs),
    });
  }
  return [...found.values()].sort((left, right) =>
    compareBytes(utf8(left.cluster), utf8(right.cluster)),
  );
}
