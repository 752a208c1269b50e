import { invariant } from "@holdfast/base/invariant";
import { type Random, SeededRandom } from "@holdfast/base/random";

/** The choices of a random history; one seed, one history. */
export class Choices {
  readonly #random: Random;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  /** 0 to `count` - 1. */
  below(count: number): number {
    return Math.floor(this.#random.next() * count);
  }

  /** True in one of `count`. */
  oneIn(count: number): boolean {
    return this.below(count) === 0;
  }

  /** One of `items`, of which there is at least one. */
  of<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    invariant(item !== undefined, "something to choose from");
    return item;
  }

  /** All of `items` in another order. */
  shuffled<Item>(items: readonly Item[]): Item[] {
    const left = [...items];
    return items.flatMap(() => left.splice(this.below(left.length), 1));
  }
}
