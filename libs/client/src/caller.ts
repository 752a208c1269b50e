import { Cancellation } from "@holdfast/base/cancellation";

/** The callers that wait for something, so that closing the client can end their waits. */
export class Callers {
  /** Everybody who can only be cancelled by closing the client: most callers, so they share it. */
  readonly all = new Cancellation();

  /** Runs `body`; its caller is cancelled when `signal` aborts or the client is closed. */
  during<T>(
    signal: AbortSignal | undefined,
    body: (caller: Cancellation) => Promise<T>,
  ): Promise<T> {
    return signal === undefined ? body(this.all) : this.#until(signal, body);
  }

  /** Ends every wait. */
  cancelAll(): void {
    this.all.cancel();
  }

  async #until<T>(signal: AbortSignal, body: (caller: Cancellation) => Promise<T>): Promise<T> {
    const caller = new Cancellation();
    const cancel = () => caller.cancel();
    if (signal.aborted) cancel();
    signal.addEventListener("abort", cancel, { once: true });
    const forget = this.all.onCancel(cancel);
    try {
      return await body(caller);
    } finally {
      forget();
      signal.removeEventListener("abort", cancel);
    }
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
