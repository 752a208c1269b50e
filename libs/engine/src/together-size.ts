/** More brings nothing: what a bundle itself costs is shared by enough. */
const sizeMax = 32;

/**
 * How many hopeful operations a committer carries out all or none. One that loses sends all of its
 * bundle around once more, so the size follows how often that happens: up by one after a batch in
 * which every hope came true, halved after one in which one did not (the additive increase,
 * multiplicative decrease of Chiu and Jain, 1989). At 1 each decides for itself.
 */
export class TogetherSize {
  #size = sizeMax / 2;

  /** 1 to 32. */
  get size(): number {
    return this.#size;
  }

  /** After a batch with hopeful operations. */
  learn(lost: boolean): void {
    this.#size = lost ? Math.max(1, this.#size >> 1) : Math.min(sizeMax, this.#size + 1);
  }
}
