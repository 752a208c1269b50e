import { compareBytes, utf8 } from "@holdfast/base/bytes";
import { badCursor, invalid, listReply, noSpace, otherArchived } from "../ledger-answers.ts";
import {
  type ArchivedPlace,
  archivedCursor,
  type ParkedPlace,
  parkedCursor,
  readArchivedCursor,
  readParkedCursor,
  readViolationCursor,
  type ViolationPlace,
  violationCursor,
} from "../ledger-cursor.ts";
import {
  archivedProblem,
  daysProblem,
  limitProblem,
  parkedProblem,
  violationProblem,
  windowProblem,
} from "../ledger-limits.ts";
import type {
  ArchivedQuery,
  ListReply,
  ParkedQuery,
  RecordReply,
  ViolationsQuery,
} from "../ports/ledger.ts";
import {
  type ArchivedPart,
  isSamePart,
  type ParkedRecord,
  parkedBytes,
  parkedRowsMax,
  type Violation,
} from "../ports/ledger-records.ts";

/** Whether a ledger that is full takes no more, or lets what came first make room. */
export type WhenFull = "refuses" | "forgets";

/** How much is kept beside the rows. */
export interface RecordBounds {
  readonly violationsMax: number;
  readonly parkedMax: number;
  /** Of all parked records together, by {@link parkedBytes}. */
  readonly parkedBytesMax: number;
}

/** Findings take a few kilobytes each, parked records up to 8 MB. */
export const recordBounds: RecordBounds = {
  violationsMax: 10_000,
  parkedMax: 1_000,
  parkedBytesMax: 64 * 1024 * 1024,
};

/** What a ledger in memory keeps beside its rows. */
export class MemoryRecords {
  readonly #whenFull: WhenFull;
  readonly #bounds: RecordBounds;
  readonly #violations = new Map<string, Violation>();
  readonly #parked = new Map<string, ParkedRecord>();
  #parkedBytes = 0;
  readonly #archived = new Map<string, ArchivedPart>();

  constructor(whenFull: WhenFull, bounds: RecordBounds = recordBounds) {
    this.#whenFull = whenFull;
    this.#bounds = bounds;
  }

  addViolations(violations: readonly Violation[]): RecordReply {
    const problem = violations.map(violationProblem).find((each) => each !== undefined);
    if (problem !== undefined) return invalid(problem);
    const fresh = freshOf(violations, this.#violations);
    const { violationsMax } = this.#bounds;
    const isFull = this.#violations.size + fresh.size > violationsMax;
    if (isFull && this.#whenFull === "refuses") return noSpace();
    for (const [id, violation] of fresh) this.#violations.set(id, violation);
    for (const id of this.#violations.keys()) {
      if (this.#violations.size <= violationsMax) break;
      this.#violations.delete(id);
    }
    return { kind: "recorded" };
  }

  violations(query: ViolationsQuery): ListReply<Violation> {
    const problem = windowProblem(query) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const { after, limit } = query;
    const behind = after === undefined ? undefined : readViolationCursor(after);
    if (after !== undefined && behind === undefined) return badCursor();
    const found = [...this.#violations.values()]
      .filter(({ foundAtMs }) => foundAtMs >= query.fromMs && foundAtMs <= query.toMs)
      .sort(latestFirst)
      .filter((each) => behind === undefined || latestFirst(each, behind) > 0);
    return listReply(found, limit, violationCursor);
  }

  /** `onForgotten` hears of each record that made room. */
  addParked(
    records: readonly ParkedRecord[],
    onForgotten: (record: ParkedRecord) => void,
  ): RecordReply {
    const problem = parkedProblem(records);
    if (problem !== undefined) return invalid(problem);
    const fresh = freshOf(records, this.#parked);
    const bytes = [...fresh.values()].reduce((sum, record) => sum + parkedBytes(record), 0);
    const isFull = this.#isOver(this.#parked.size + fresh.size, this.#parkedBytes + bytes);
    if (isFull && this.#whenFull === "refuses") return noSpace();
    for (const [id, record] of fresh) this.#parked.set(id, record);
    this.#parkedBytes += bytes;
    for (const [id, record] of this.#parked) {
      if (!this.#isOver(this.#parked.size, this.#parkedBytes)) break;
      this.#parked.delete(id);
      this.#parkedBytes -= parkedBytes(record);
      onForgotten(record);
    }
    return { kind: "recorded" };
  }

  parked({ limit, after }: ParkedQuery): ListReply<ParkedRecord> {
    const problem = limitProblem({ limit }, parkedRowsMax);
    if (problem !== undefined) return invalid(problem);
    const behind = after === undefined ? undefined : readParkedCursor(after);
    if (after !== undefined && behind === undefined) return badCursor();
    const found = [...this.#parked.values()]
      .sort(earliestFirst)
      .filter((each) => behind === undefined || earliestFirst(each, behind) > 0);
    return listReply(found, limit, parkedCursor);
  }

  addArchived(part: ArchivedPart): RecordReply {
    const problem = archivedProblem(part);
    if (problem !== undefined) return invalid(problem);
    const key = `${part.day}/${part.cluster}/${part.part}`;
    const stored = this.#archived.get(key);
    if (stored !== undefined && !isSamePart(stored, part)) return otherArchived(part);
    if (stored === undefined) this.#archived.set(key, part);
    return { kind: "recorded" };
  }

  archived(query: ArchivedQuery): ListReply<ArchivedPart> {
    const { fromDay = "", toDay = "9999-12-31", cluster, limit, after } = query;
    const problem = daysProblem([query.fromDay, query.toDay]) ?? limitProblem(query);
    if (problem !== undefined) return invalid(problem);
    const behind = after === undefined ? undefined : readArchivedCursor(after);
    if (after !== undefined && behind === undefined) return badCursor();
    const found = [...this.#archived.values()]
      .filter((each) => each.day >= fromDay && each.day <= toDay)
      .filter((each) => cluster === undefined || each.cluster === cluster)
      .sort(byPlace)
      .filter((each) => behind === undefined || byPlace(each, behind) > 0);
    return listReply(found, limit, archivedCursor);
  }

  #isOver(parked: number, bytes: number): boolean {
    return parked > this.#bounds.parkedMax || bytes > this.#bounds.parkedBytesMax;
  }
}

/** By id, those that are not there; of two with one id the first. */
function freshOf<Item extends { readonly id: string }>(
  given: readonly Item[],
  known: ReadonlyMap<string, Item>,
): Map<string, Item> {
  const fresh = new Map<string, Item>();
  for (const each of given) {
    if (!known.has(each.id) && !fresh.has(each.id)) fresh.set(each.id, each);
  }
  return fresh;
}

function latestFirst(left: ViolationPlace, right: ViolationPlace): number {
  return right.foundAtMs - left.foundAtMs || compareBytes(utf8(right.id), utf8(left.id));
}

function earliestFirst(left: ParkedPlace, right: ParkedPlace): number {
  return left.parkedAtMs - right.parkedAtMs || compareBytes(utf8(left.id), utf8(right.id));
}

function byPlace(left: ArchivedPlace, right: ArchivedPlace): number {
  if (left.day !== right.day) return left.day < right.day ? -1 : 1;
  return compareBytes(utf8(left.cluster), utf8(right.cluster)) || left.part - right.part;
}
