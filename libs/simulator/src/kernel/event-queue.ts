/** Something that will happen; `cancel` makes it not happen. */
export interface ScheduledEvent {
  readonly atMs: number;
  cancel(): void;
}

interface Entry extends ScheduledEvent {
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * Events by time; at one time in the order they were added, so that a run depends on nothing but
 * its seed. A binary heap; cancelled events stay in it until their time.
 */
export class EventQueue {
  readonly #heap: Entry[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(atMs: number, run: () => void): ScheduledEvent {
    const entry: Entry = {
      atMs,
      order: this.#added++,
      run,
      cancel() {
        entry.run = undefined;
      },
    };
    this.#rise(this.#heap.push(entry) - 1, entry);
    return entry;
  }

  /** The time of the next event that was not cancelled, or undefined when there is none. */
  nextAtMs(): number | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (first.run !== undefined) return first.atMs;
      this.#removeFirst();
    }
    return undefined;
  }

  /** Takes the next event off the queue. Call only after {@link nextAtMs} named one. */
  take(): () => void {
    const first = this.#heap[0];
    this.#removeFirst();
    return first?.run ?? (() => {});
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sink(last);
  }

  #rise(start: number, entry: Entry): void {
    const heap = this.#heap;
    let index = start;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex] as Entry;
      if (!isBefore(entry, parent)) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = entry;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    const length = heap.length;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= length) break;
      const right = childIndex + 1;
      if (right < length && isBefore(heap[right] as Entry, heap[childIndex] as Entry)) {
        childIndex = right;
      }
      const child = heap[childIndex] as Entry;
      if (!isBefore(child, entry)) break;
      heap[index] = child;
      index = childIndex;
    }
    heap[index] = entry;
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
