import type { Ledger, NotDone } from "../ports/ledger.ts";
import { pageRowsMax } from "../ports/ledger.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";

/** Which parts are asked for; both days included. */
export interface PartsQuery {
  readonly fromDay?: string;
  readonly toDay?: string;
  readonly cluster?: string;
}

/** Visits the recorded parts by day, cluster and number, until `visit` has enough. */
export async function eachPart(
  ledger: Pick<Ledger, "archived">,
  query: PartsQuery,
  visit: (part: ArchivedPart) => Promise<"more" | "enough">,
): Promise<NotDone | undefined> {
  let after: { after?: string } = {};
  for (;;) {
    const list = await ledger.archived({ ...query, limit: pageRowsMax, ...after });
    if (list.kind !== "list") return list;
    for (const part of list.items) if ((await visit(part)) === "enough") return undefined;
    if (list.next === undefined) return undefined;
    after = { after: list.next };
  }
}

/** What of one cluster's day lies in the archive. */
export class DayParts {
  /** By their first sequence. Two of them never hold the same record. */
  readonly parts: readonly ArchivedPart[];

  constructor(parts: readonly ArchivedPart[]) {
    this.parts = [...parts].sort((left, right) =>
      left.firstSequence < right.firstSequence ? -1 : 1,
    );
  }

  /** The number of the next part. */
  get next(): number {
    return this.parts.reduce((next, { part }) => Math.max(next, part + 1), 0);
  }

  get rows(): number {
    return this.parts.reduce((sum, { rows }) => sum + rows, 0);
  }

  /** The part that holds a record. */
  find(sequence: bigint): ArchivedPart | undefined {
    let [low, high] = [0, this.parts.length - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const part = this.parts[middle] as ArchivedPart;
      if (sequence < part.firstSequence) high = middle - 1;
      else if (sequence > part.lastSequence) low = middle + 1;
      else return part;
    }
    return undefined;
  }
}

/** All parts of one cluster's day. */
export async function partsOf(
  ledger: Pick<Ledger, "archived">,
  day: string,
  cluster: string,
): Promise<DayParts | NotDone> {
  const parts: ArchivedPart[] = [];
  const failure = await eachPart(ledger, { fromDay: day, toDay: day, cluster }, async (part) => {
    parts.push(part);
    return "more";
  });
  return failure ?? new DayParts(parts);
}
