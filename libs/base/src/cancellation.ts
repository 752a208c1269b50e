/**
 * Says that nobody waits for an answer any more.
 *
 * A plain object instead of an `AbortSignal`: one is made for every operation, and an event target
 * costs more than the rest of the operation's bookkeeping.
 */
export class Cancellation {
  #cancelled = false;
  /**
   * A set only where there are several: nearly all have one, and ten thousand of these may wait.
   */
  #callbacks: Callback | Set<Callback> | undefined;

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Runs `callback` once when cancelled, at once if it already is. Returns how to forget it. */
  onCancel(callback: Callback): () => void {
    if (this.#cancelled) {
      callback();
      return () => {};
    }
    const others = this.#callbacks;
    if (others instanceof Set) others.add(callback);
    else this.#callbacks = others === undefined ? callback : new Set([others, callback]);
    return () => this.#forget(callback);
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    const callbacks = this.#callbacks;
    this.#callbacks = undefined;
    if (callbacks instanceof Set) for (const callback of callbacks) callback();
    else callbacks?.();
  }

  #forget(callback: Callback): void {
    if (this.#callbacks instanceof Set) this.#callbacks.delete(callback);
    else if (this.#callbacks === callback) this.#callbacks = undefined;
  }
}

type Callback = () => void;
