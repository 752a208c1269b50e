const chunkStates = 1 << 16;
const none = 0;

/** States that were met, each with the one it was first met from, in little more than its size. */
export class StateSet {
  readonly #width: number;
  readonly #chunks: Uint32Array[] = [];
  /** Of each state, the number of the one before it, next to its numbers. */
  readonly #stride: number;
  #table = new Uint32Array(1 << 16);
  #size = 0;

  constructor(width: number) {
    this.#width = width;
    this.#stride = width + 1;
  }

  get size(): number {
    return this.#size;
  }

  /** True where the state is new. It gets the number {@link size} had. */
  add(state: Uint32Array, before: number): boolean {
    if (this.#size * 2 >= this.#table.length) this.#grow();
    const mask = this.#table.length - 1;
    let slot = hashOf(state, 0, this.#width) & mask;
    for (;;) {
      const entry = this.#table[slot]!;
      if (entry === none) break;
      if (this.#is(entry - 1, state)) return false;
      slot = (slot + 1) & mask;
    }
    const number = this.#size++;
    const chunk = Math.floor(number / chunkStates);
    this.#chunks[chunk] ??= new Uint32Array(chunkStates * this.#stride);
    const at = (number % chunkStates) * this.#stride;
    this.#chunks[chunk]!.set(state, at);
    this.#chunks[chunk]![at + this.#width] = before;
    this.#table[slot] = number + 1;
    return true;
  }

  /** Copies a state's numbers into `into`. */
  read(number: number, into: Uint32Array): void {
    const at = (number % chunkStates) * this.#stride;
    const chunk = this.#chunks[Math.floor(number / chunkStates)]!;
    for (let index = 0; index < this.#width; index++) into[index] = chunk[at + index]!;
  }

  /** The state that it was first met from. */
  before(number: number): number {
    const at = (number % chunkStates) * this.#stride;
    return this.#chunks[Math.floor(number / chunkStates)]![at + this.#width]!;
  }

  #is(number: number, state: Uint32Array): boolean {
    const chunk = this.#chunks[Math.floor(number / chunkStates)]!;
    const at = (number % chunkStates) * this.#stride;
    for (let index = 0; index < this.#width; index++) {
      if (chunk[at + index] !== state[index]) return false;
    }
    return true;
  }

  #grow(): void {
    const table = new Uint32Array(this.#table.length * 2);
    const mask = table.length - 1;
    for (let number = 0; number < this.#size; number++) {
      const chunk = this.#chunks[Math.floor(number / chunkStates)]!;
      let slot = hashOf(chunk, (number % chunkStates) * this.#stride, this.#width) & mask;
      while (table[slot] !== none) slot = (slot + 1) & mask;
      table[slot] = number + 1;
    }
    this.#table = table;
  }
}

function hashOf(numbers: Uint32Array, at: number, length: number): number {
  let hash = 0x9e3779b9;
  for (let index = 0; index < length; index++) {
    hash = Math.imul(hash ^ numbers[at + index]!, 0x85ebca6b);
    hash ^= hash >>> 13;
  }
  hash = Math.imul(hash, 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
