/**
 * Finds the items whose key or range holds a given key.
 *
 * Every key of a range begins with what all keys of the range have in common, so the items are
 * filed under that prefix and a key is looked up once per prefix length in use. Ten thousand
 * watches of ten thousand locks then cost a write as little as one does.
 */
export class SpanIndex<Item extends { readonly key: string; readonly rangeEnd?: string }> {
  readonly #byPrefix = new Map<string, Set<Item>>();
  readonly #lengths = new Map<number, number>();

  get empty(): boolean {
    return this.#lengths.size === 0;
  }

  add(item: Item): void {
    const prefix = commonPrefix(item);
    let items = this.#byPrefix.get(prefix);
    if (items === undefined) {
      items = new Set();
      this.#byPrefix.set(prefix, items);
      this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1);
    }
    items.add(item);
  }

  /** Removes an item; one that is not there is left out. */
  remove(item: Item): void {
    const prefix = commonPrefix(item);
    const items = this.#byPrefix.get(prefix);
    if (items === undefined || !items.delete(item) || items.size > 0) return;
    this.#byPrefix.delete(prefix);
    const left = (this.#lengths.get(prefix.length) ?? 0) - 1;
    if (left > 0) this.#lengths.set(prefix.length, left);
    else this.#lengths.delete(prefix.length);
  }

  /** Calls `visit` for every item that holds `key`. */
  visit(key: string, visit: (item: Item) => void): void {
    for (const length of this.#lengths.keys()) {
      if (length > key.length) continue;
      const items = this.#byPrefix.get(key.slice(0, length));
      if (items === undefined) continue;
      for (const item of items) if (holds(item, key)) visit(item);
    }
  }
}

function holds(item: { readonly key: string; readonly rangeEnd?: string }, key: string): boolean {
  if (item.rangeEnd === undefined) return key === item.key;
  return item.key <= key && key < item.rangeEnd;
}

/** What every key in the range begins with; the whole key where there is no range. */
function commonPrefix(item: { readonly key: string; readonly rangeEnd?: string }): string {
  const { key, rangeEnd } = item;
  if (rangeEnd === undefined) return key;
  let shared = 0;
  while (shared < key.length && key[shared] === rangeEnd[shared]) shared += 1;
  const next = key.charCodeAt(shared) + 1;
  // [a/, a0) is all keys that begin with a/: the end is the prefix with its last byte raised.
  if (rangeEnd.length === shared + 1 && rangeEnd.charCodeAt(shared) === next) shared += 1;
  return key.slice(0, shared);
}
