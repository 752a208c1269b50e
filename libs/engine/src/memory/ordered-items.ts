/**
 * Items in an order, most of which come at its end. Two that are equal in the order stand in the
 * order in which they came.
 */
export class OrderedItems<Item> {
  readonly #compare: (left: Item, right: Item) => number;
  #items: Item[] = [];

  constructor(compare: (left: Item, right: Item) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#items.length;
  }

  insert(item: Item): void {
    const at = this.firstWhere((other) => this.#compare(other, item) > 0);
    this.#items.splice(at, 0, item);
  }

  /**
   * The number of items before the first one for which `isThere`, which holds for all behind it.
   */
  firstWhere(isThere: (item: Item) => boolean): number {
    let low = 0;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isThere(this.#items[middle] as Item)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Items from index `from`, included, to `to`, excluded; of an empty span none. */
  between(from: number, to: number): Item[] {
    return from < to ? this.#items.slice(from, to) : [];
  }

  /** The last item. */
  last(): Item | undefined {
    return this.#items.at(-1);
  }

  /** Removes all items for which `isGone`. */
  remove(isGone: (item: Item) => boolean): void {
    this.#items = this.#items.filter((item) => !isGone(item));
  }
}
