import { type Clock, sleep } from "@holdfast/base/clock";
import { lookAtPart, type PartLook } from "../archiver/look-at-part.ts";
import type { Archive } from "../ports/archive.ts";
import type { ArchivedPart } from "../ports/ledger-records.ts";

/** Between two thousands of records. */
const pauseMs = 1;

/**
 * Reads objects of the archive for all who ask a desk, one at a time: each may be tens of megabytes
 * while it is unpacked and verified.
 */
export class ObjectReader {
  readonly #archive: Archive;
  readonly #clock: Clock;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(archive: Archive, clock: Clock) {
    this.#archive = archive;
    this.#clock = clock;
  }

  /** Who stores events and watches over them in the same process gets on meanwhile. */
  readonly pause = (): Promise<unknown> => sleep(this.#clock, pauseMs);

  /** An object with its records, every one of them verified. */
  look(part: ArchivedPart): Promise<PartLook> {
    const look = this.#turn.then(() => lookAtPart(this.#archive, part, this.pause));
    this.#turn = look.catch(() => {});
    return look;
  }
}
