/**
 * Says that nobody waits for an answer any more.
 *
 * A plain object instead of an `AbortSignal`: one is made for every operation, and an event target
 * costs more than the rest of the operation's bookkeeping.
 */
export class Cancellation {
  #cancelled = false;
  #callbacks: Set<() => void> | undefined;

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Runs `callback` once when cancelled, at once if it already is. Returns how to forget it. */
  onCancel(callback: () => void): () => void {
    if (this.#cancelled) {
      callback();
      return () => {};
    }
    this.#callbacks ??= new Set();
    this.#callbacks.add(callback);
    return () => this.#callbacks?.delete(callback);
  }

  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    const callbacks = this.#callbacks;
    this.#callbacks = undefined;
    if (callbacks !== undefined) for (const callback of callbacks) callback();
  }
}
