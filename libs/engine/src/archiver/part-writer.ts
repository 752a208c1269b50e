import { sha256 } from "@holdfast/base/digest";
import { linesKey } from "@holdfast/core/audit/archive-keys";
import { encodeLine } from "@holdfast/core/audit/archive-lines";
import { type ArchiveManifest, tagOf } from "@holdfast/core/audit/archive-manifest";
import { append, type ChainHead, headOf, sameHash } from "@holdfast/core/audit/chain";
import type { LedgerRow } from "../ports/ledger.ts";
import { Compressor } from "./compression.ts";

/** How large an object may become. */
export interface PartBounds {
  readonly rowsMax: number;
  /** Of the lines before they are compressed; one line may go beyond it. */
  readonly lineBytesMax: number;
}

/** An object with its manifest, not stored yet. */
export interface BuiltPart {
  readonly bytes: Uint8Array;
  readonly manifest: ArchiveManifest;
}

/** Which part it is to be. */
export interface PartPlace {
  readonly day: string;
  readonly cluster: string;
  readonly part: number;
}

/** Makes one object of consecutive rows. */
export class PartWriter {
  readonly #place: PartPlace;
  readonly #bounds: PartBounds;
  readonly #before: ChainHead;
  readonly #compressor = new Compressor();
  readonly #tags: Uint8Array[] = [];
  #waiting: Uint8Array[] = [];
  #first: ChainHead | undefined;
  #last: ChainHead;
  #lineBytes = 0;

  /** `before`: the head that the first row follows. */
  constructor(place: PartPlace, bounds: PartBounds, before: ChainHead) {
    this.#place = place;
    this.#bounds = bounds;
    this.#before = before;
    this.#last = before;
  }

  get last(): ChainHead {
    return this.#last;
  }

  get isEmpty(): boolean {
    return this.#first === undefined;
  }

  get isFull(): boolean {
    const { rowsMax, lineBytesMax } = this.#bounds;
    return this.#tags.length >= rowsMax || this.#lineBytes >= lineBytesMax;
  }

  /** False: the row is not the next one of the chain, or not as it was written; it is left out. */
  add(row: LedgerRow): boolean {
    const link = append(this.#last, row.line);
    if (row.sequence !== link.sequence || !sameHash(row.hash, link.hash)) return false;
    this.#last = headOf(link);
    this.#first ??= this.#last;
    const line = encodeLine(row.line);
    this.#lineBytes += line.length;
    this.#waiting.push(line);
    this.#tags.push(tagOf(row.line));
    return true;
  }

  /** Compresses what was added: after each page, or all of it stays in memory. */
  async flush(): Promise<void> {
    const lines = this.#waiting;
    this.#waiting = [];
    if (lines.length > 0) await this.#compressor.add(Buffer.concat(lines));
  }

  /** Of at least one row. */
  async finish(): Promise<BuiltPart> {
    await this.flush();
    const bytes = await this.#compressor.finish();
    const digest = sha256(bytes);
    const { cluster } = this.#place;
    return {
      bytes,
      manifest: {
        ...this.#place,
        rows: this.#tags.length,
        firstSequence: this.#before.sequence + 1n,
        lastSequence: this.#last.sequence,
        previousHash: this.#before.hash,
        firstHash: (this.#first ?? this.#last).hash,
        lastHash: this.#last.hash,
        key: linesKey({ ...this.#place, cluster, sha256: digest }),
        bytes: bytes.length,
        sha256: digest,
        lineBytes: this.#lineBytes,
        tags: new Uint8Array(Buffer.concat(this.#tags)),
      },
    };
  }
}
