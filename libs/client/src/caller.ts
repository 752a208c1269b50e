import { Cancellation } from "@holdfast/base/cancellation";

/** The callers that wait for something, so that closing the client can end their waits. */
export class Callers {
  readonly #waiting = new Set<Cancellation>();

  /** Runs `body`; its caller is cancelled when `signal` aborts or the client is closed. */
  async during<T>(
    signal: AbortSignal | undefined,
    body: (caller: Cancellation) => Promise<T>,
  ): Promise<T> {
    const caller = new Cancellation();
    const abort = () => caller.cancel();
    if (signal?.aborted) caller.cancel();
    signal?.addEventListener("abort", abort, { once: true });
    this.#waiting.add(caller);
    try {
      return await body(caller);
    } finally {
      this.#waiting.delete(caller);
      signal?.removeEventListener("abort", abort);
    }
  }

  /** Ends every wait. */
  cancelAll(): void {
    for (const caller of [...this.#waiting]) caller.cancel();
  }
}

/** `promise`, or undefined as soon as nobody waits for it any more. */
export function unlessCancelled<T>(
  caller: Cancellation,
  promise: Promise<T>,
): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const forget = caller.onCancel(() => resolve(undefined));
    promise.then(resolve, reject).finally(forget);
  });
}
