import type { ArchivedPlace } from "./ledger-cursor.ts";
import type { LedgerRefusal, LedgerRow, ListReply, PageReply } from "./ports/ledger.ts";

/** The question, or what was to be stored, breaks a limit of the port. */
export function invalid(message: string): LedgerRefusal {
  return { kind: "refused", reason: "invalid", message };
}

/** A ledger in memory has bounds as a disk has. */
export function noSpace(): LedgerRefusal {
  return { kind: "refused", reason: "no-space", message: "the ledger's space is used up" };
}

/** What was given as a cursor is none, or one of another question. */
export function badCursor(): LedgerRefusal {
  return invalid("the cursor is not one that this question gave");
}

/** Another object has the place of an archived part. */
export function otherArchived({ day, cluster, part }: ArchivedPlace): LedgerRefusal {
  const message = `another object is recorded as ${day}/${cluster}/${part}`;
  return { kind: "refused", reason: "conflict", message };
}

/** `found`: more than the limit where there is more. */
export function pageReply(
  found: readonly LedgerRow[],
  limit: number,
  cursorBehind: (row: LedgerRow) => string,
): PageReply {
  const { items, next } = cut(found, limit, cursorBehind);
  return { kind: "page", rows: items, ...(next === undefined ? {} : { next }) };
}

/** As {@link pageReply}. */
export function listReply<Item>(
  found: readonly Item[],
  limit: number,
  cursorBehind: (item: Item) => string,
): ListReply<Item> {
  const { items, next } = cut(found, limit, cursorBehind);
  return { kind: "list", items, ...(next === undefined ? {} : { next }) };
}

function cut<Item>(
  found: readonly Item[],
  limit: number,
  cursorBehind: (item: Item) => string,
): { items: Item[]; next?: string } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length <= limit || last === undefined
    ? { items }
    : { items, next: cursorBehind(last) };
}
