import type { UnreadObjects, UnreadWhy } from "../ports/audit-desk.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";
import { greatest, least } from "./chain-list.ts";

/** Counts the objects that were not read, by chain and reason: there may be thousands. */
export class UnreadTally {
  readonly #groups = new Map<string, UnreadObjects>();

  get groups(): readonly UnreadObjects[] {
    return [...this.#groups.values()];
  }

  add(part: ArchivedPart, why: UnreadWhy, message: string): void {
    const { cluster, firstSequence: first, lastSequence: last } = part;
    const key = `${why} ${cluster}`;
    const known = this.#groups.get(key) ?? { cluster, why, objects: 0, first, last, message };
    this.#groups.set(key, {
      ...known,
      objects: known.objects + 1,
      first: least(known.first, first),
      last: greatest(known.last, last),
    });
  }
}
