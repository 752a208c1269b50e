/**
 * Sets of operations that were found to lead nowhere (Lowe's memoisation): each is looked into
 * once. Exact: sets are compared bit by bit, the hash only finds them.
 */
export class ExploredSets {
  readonly #weights: Int32Array;
  readonly #bits: Uint32Array;
  readonly #dead = new Map<number, Uint32Array[]>();
  #hash = 0;
  #count = 0;

  constructor(size: number) {
    this.#bits = new Uint32Array(Math.ceil(size / 32));
    this.#weights = Int32Array.from({ length: size }, (_, index) => mix(index + 1));
  }

  /** How many sets led nowhere. */
  get count(): number {
    return this.#count;
  }

  /** Puts an element in, or takes it out. */
  toggle(index: number): void {
    this.#bits[index >>> 5]! ^= 1 << (index & 31);
    this.#hash ^= this.#weights[index]!;
  }

  /** The current set leads nowhere. */
  bury(): void {
    const buried = this.#dead.get(this.#hash);
    this.#count++;
    if (buried === undefined) this.#dead.set(this.#hash, [this.#bits.slice()]);
    else buried.push(this.#bits.slice());
  }

  /** The current set is known to lead nowhere. */
  get isDead(): boolean {
    const buried = this.#dead.get(this.#hash);
    return buried?.some((bits) => bits.every((word, index) => word === this.#bits[index])) ?? false;
  }
}

/** The finalizer of MurmurHash3: neighbours get unrelated weights. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
