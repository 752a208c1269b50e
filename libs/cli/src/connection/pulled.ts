/** Messages that wait to be used; past it the sender waits. */
const waitingMax = 8;

/** Who hears of a stream. */
export interface StreamListener<Message> {
  onAnswer(message: Message): void;
  onError(error: Error): void;
}

/** A stream under way. */
export interface RunningStream {
  cancel(): void;
  pause(): void;
  resume(): void;
}

/**
 * The messages of a stream one by one, no faster than they are used: what a slow pipe does not take
 * stays with the sender. Ends behind the message that is the last, and when `signal` aborts.
 */
export async function* pulled<Message>(
  signal: AbortSignal,
  isLast: (message: Message) => boolean,
  start: (listener: StreamListener<Message>) => RunningStream,
): AsyncGenerator<Message, void, undefined> {
  const waiting: Message[] = [];
  let ended: Error | undefined;
  let wake = () => {};
  const running = start({
    onAnswer: (message) => {
      waiting.push(message);
      if (waiting.length >= waitingMax) running.pause();
      wake();
    },
    onError: (error) => {
      ended = error;
      wake();
    },
  });
  const onAbort = () => wake();
  signal.addEventListener("abort", onAbort);
  try {
    while (!signal.aborted) {
      const message = waiting.shift();
      if (message !== undefined) {
        if (waiting.length === 0) running.resume();
        yield message;
        if (isLast(message)) return;
        continue;
      }
      if (ended !== undefined) throw ended;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    running.cancel();
  }
}
