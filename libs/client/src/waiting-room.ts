import type { Due, DueList } from "./due-list.ts";

/** Somebody who waits. */
interface Waiter extends Due {
  wake(found: boolean): void;
}

/** Those who wait for a router, each for as long as it can. */
export class WaitingRoom {
  readonly #dues: DueList;
  readonly #waiters = new Set<Waiter>();

  constructor(dues: DueList) {
    this.#dues = dues;
  }

  /** What the next call says, or false at `untilMs`. */
  enter(untilMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        dueMs: untilMs,
        onDue: () => waiter.wake(false),
        wake: (found) => {
          this.#waiters.delete(waiter);
          this.#dues.remove(waiter);
          resolve(found);
        },
      };
      this.#waiters.add(waiter);
      this.#dues.add(waiter);
    });
  }

  /** Sends everybody on. */
  call(found: boolean): void {
    for (const waiter of [...this.#waiters]) waiter.wake(found);
  }
}
