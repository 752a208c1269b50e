import { lookAtPart, type PartLook } from "../archiver/look-at-part.ts";
import type { Archive } from "../ports/archive.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";

/**
 * Reads objects of the archive for all who ask a desk, one at a time: each may be tens of megabytes
 * while it is unpacked and verified.
 */
export class ObjectReader {
  readonly #archive: Archive;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** An object with its records, every one of them verified. */
  look(part: ArchivedPart): Promise<PartLook> {
    const look = this.#turn.then(() => lookAtPart(this.#archive, part));
    this.#turn = look.catch(() => {});
    return look;
  }
}
