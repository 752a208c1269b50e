import { compareBytes, utf8 } from "@holdfast/base/bytes";
import { badCursor, invalid, listReply, otherArchived } from "../ledger-answers.ts";
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
  parkedRowsMax,
  type Violation,
} from "../ports/ledger-records.ts";

/** What a ledger in memory keeps beside its rows. */
export class MemoryRecords {
  readonly #violations = new Map<string, Violation>();
  readonly #parked = new Map<string, ParkedRecord>();
  readonly #archived = new Map<string, ArchivedPart>();

  addViolations(violations: readonly Violation[]): RecordReply {
    const problem = violations.map(violationProblem).find((each) => each !== undefined);
    if (problem !== undefined) return invalid(problem);
    for (const violation of violations) {
      if (!this.#violations.has(violation.id)) this.#violations.set(violation.id, violation);
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

  addParked(records: readonly ParkedRecord[]): RecordReply {
    const problem = parkedProblem(records);
    if (problem !== undefined) return invalid(problem);
    for (const record of records) {
      if (!this.#parked.has(record.id)) this.#parked.set(record.id, record);
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
