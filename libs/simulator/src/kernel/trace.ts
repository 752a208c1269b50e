/** A part of a trace line. */
export type TracePart = string | number | bigint;

const floats = new Float64Array(1);
const words = new Uint32Array(floats.buffer);

/**
 * What happened in a run, in order, as one hash: two runs are the same run when their hashes agree.
 * The lines themselves are kept only on demand, since writing them costs more than the run.
 */
export class Trace {
  readonly lines: string[] = [];
  readonly #keep: boolean;
  #low = 0x9e3779b9;
  #high = 0x243f6a88;
  #entries = 0;

  constructor(keep: boolean) {
    this.#keep = keep;
  }

  get entries(): number {
    return this.#entries;
  }

  /** 64 bits in hex. */
  get hash(): string {
    return hex(this.#high) + hex(this.#low);
  }

  record(atMs: number, ...parts: readonly TracePart[]): void {
    this.#entries++;
    this.#mixNumber(atMs);
    for (const part of parts) {
      if (typeof part === "number") this.#mixNumber(part);
      else this.#mixText(typeof part === "string" ? part : part.toString());
    }
    if (this.#keep) this.lines.push(`${atMs.toFixed(3).padStart(12)} ${parts.join(" ")}`);
  }

  #mixNumber(value: number): void {
    floats[0] = value;
    this.#mix(words[0] ?? 0);
    this.#mix(words[1] ?? 0);
  }

  #mixText(text: string): void {
    for (let index = 0; index < text.length; index++) this.#mix(text.charCodeAt(index));
    this.#mix(text.length);
  }

  #mix(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x9e3779b1);
    this.#high = Math.imul(this.#high ^ (this.#low >>> 15) ^ word, 0x85ebca6b);
    this.#low ^= this.#high >>> 13;
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
