import { compareBytes, utf8 } from "@holdfast/base/bytes";
import { readCursor, wholeNumber, writeCursor } from "../ledger-cursor.ts";
import {
  archivedProblem,
  daysProblem,
  limitProblem,
  violationProblem,
  windowProblem,
} from "../ledger-limits.ts";
import type {
  ArchivedQuery,
  LedgerRefusal,
  ListReply,
  RecordReply,
  ViolationsQuery,
} from "../ports/ledger.ts";
import { type ArchivedPart, isSamePart, type Violation } from "../ports/ledger-records.ts";

/** What a ledger in memory keeps beside its rows. */
export class MemoryRecords {
  readonly #violations = new Map<string, Violation>();
  readonly #archived = new Map<string, ArchivedPart>();

  addViolations(violations: readonly Violation[]): RecordReply {
    const problem = violations.map(violationProblem).find((each) => each !== undefined);
    if (problem !== undefined) return refused("invalid", problem);
    for (const violation of violations) {
      if (!this.#violations.has(violation.id)) this.#violations.set(violation.id, violation);
    }
    return { kind: "recorded" };
  }

  violations(query: ViolationsQuery): ListReply<Violation> {
    const problem = windowProblem(query) ?? limitProblem(query);
    if (problem !== undefined) return refused("invalid", problem);
    const { after } = query;
    const [foundAt = "", id = ""] =
      after === undefined ? [] : (readCursor("violations", after, 2) ?? []);
    const behindMs = wholeNumber(foundAt);
    if (after !== undefined && behindMs === undefined) {
      return refused("invalid", "the cursor is not one that this question gave");
    }
    const behind = behindMs === undefined ? undefined : { foundAtMs: Number(behindMs), id };
    const found = [...this.#violations.values()]
      .filter(({ foundAtMs }) => foundAtMs >= query.fromMs && foundAtMs <= query.toMs)
      .sort(latestFirst)
      .filter((each) => behind === undefined || latestFirst(each, behind) > 0);
    return list(found, query.limit, (each) => writeCursor("violations", [each.foundAtMs, each.id]));
  }

  addArchived(part: ArchivedPart): RecordReply {
    const problem = archivedProblem(part);
    if (problem !== undefined) return refused("invalid", problem);
    const key = `${part.day}/${part.cluster}/${part.part}`;
    const stored = this.#archived.get(key);
    if (stored !== undefined && !isSamePart(stored, part)) {
      return refused("conflict", `another object is recorded as ${key}`);
    }
    if (stored === undefined) this.#archived.set(key, part);
    return { kind: "recorded" };
  }

  archived(query: ArchivedQuery): ListReply<ArchivedPart> {
    const { fromDay = "", toDay = "9999-12-31", cluster, limit, after } = query;
    const problem = daysProblem([query.fromDay, query.toDay]) ?? limitProblem(query);
    if (problem !== undefined) return refused("invalid", problem);
    const place = after === undefined ? undefined : readCursor("archived", after, 3);
    const [day = "", ofCluster = "", number = ""] = place ?? [];
    const part = wholeNumber(number);
    if (after !== undefined && part === undefined) {
      return refused("invalid", "the cursor is not one that this question gave");
    }
    const behind = part === undefined ? undefined : { day, cluster: ofCluster, part: Number(part) };
    const found = [...this.#archived.values()]
      .filter((each) => each.day >= fromDay && each.day <= toDay)
      .filter((each) => cluster === undefined || each.cluster === cluster)
      .sort(byPlace)
      .filter((each) => behind === undefined || byPlace(each, behind) > 0);
    return list(found, limit, (each) =>
      writeCursor("archived", [each.day, each.cluster, each.part]),
    );
  }
}

function latestFirst(
  left: Pick<Violation, "foundAtMs" | "id">,
  right: Pick<Violation, "foundAtMs" | "id">,
): number {
  return right.foundAtMs - left.foundAtMs || compareBytes(utf8(right.id), utf8(left.id));
}

function byPlace(
  left: Pick<ArchivedPart, "day" | "cluster" | "part">,
  right: Pick<ArchivedPart, "day" | "cluster" | "part">,
): number {
  if (left.day !== right.day) return left.day < right.day ? -1 : 1;
  return compareBytes(utf8(left.cluster), utf8(right.cluster)) || left.part - right.part;
}

function list<Item>(
  found: readonly Item[],
  limit: number,
  cursorBehind: (item: Item) => string,
): ListReply<Item> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  if (found.length <= limit || last === undefined) return { kind: "list", items };
  return { kind: "list", items, next: cursorBehind(last) };
}

function refused(reason: LedgerRefusal["reason"], message: string): LedgerRefusal {
  return { kind: "refused", reason, message };
}
