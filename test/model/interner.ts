/** Numbers things by a key, so that equal ones are one, and are told apart by a number alone. */
export class Interner<T> {
  readonly #ids = new Map<string, number>();
  readonly #all: T[] = [];

  /** How many there are; also the number of the next one. */
  get size(): number {
    return this.#all.length;
  }

  /** The number of what the key stands for; `make` is called where it is new. */
  idOf(key: string, make: () => T): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#all.length;
    this.#ids.set(key, id);
    this.#all.push(make());
    return id;
  }

  /** What was numbered so. */
  at(id: number): T {
    const found = this.#all[id];
    if (found === undefined) throw new RangeError(`nothing has the number ${id}`);
    return found;
  }
}

/** Text that is the same for equal things, bigints included. */
export function keyOf(thing: unknown): string {
  return JSON.stringify(thing, (_name, value) => (typeof value === "bigint" ? `${value}n` : value));
}
