import { messageBytesTarget } from "@holdfast/api/codec/connect-request";
import { ConnectResponseWriter } from "@holdfast/api/codec/connect-response";

/**
 * Writers that nobody uses just now: a large one costs too much to be kept by every idle stream.
 */
export class WriterPool {
  readonly #idle: ConnectResponseWriter[] = [];

  borrow(): ConnectResponseWriter {
    return this.#idle.pop() ?? new ConnectResponseWriter();
  }

  /** The writer must be empty. */
  giveBack(writer: ConnectResponseWriter): void {
    if (this.#idle.length < 16) this.#idle.push(writer);
  }
}

/** Messages handed to the transport and not yet passed on by it. */
const writesMax = 2;

/**
 * What a stream has to say: all answers of one turn of the event loop go out as one message, and
 * while the transport is busy they gather. A message costs some 40 times as much as an answer, so
 * this is where the speed comes from.
 */
export class ConnectOutput {
  readonly #pool: WriterPool;
  readonly #send: (bytes: Buffer, done: () => void) => void;
  readonly #onDrained: () => void;
  #writer: ConnectResponseWriter | undefined;
  /** Whole messages that wait for the transport. */
  readonly #ready: Buffer[] = [];
  #readyBytes = 0;
  #writes = 0;
  #scheduled = false;
  #closed = false;

  /** `onDrained` is called each time the transport took a message, or all of them. */
  constructor(
    pool: WriterPool,
    send: (bytes: Buffer, done: () => void) => void,
    onDrained: () => void,
  ) {
    this.#pool = pool;
    this.#send = send;
    this.#onDrained = onDrained;
  }

  /** Bytes that the transport has not taken. */
  get pendingBytes(): number {
    return this.#readyBytes + (this.#writer?.length ?? 0);
  }

  /** Everything was taken and passed on. */
  get idle(): boolean {
    return this.#writes === 0 && this.pendingBytes === 0;
  }

  /** Write with `write` and nothing else; it goes out at the end of this turn. */
  add(write: (writer: ConnectResponseWriter) => void): void {
    const writer = this.writer();
    write(writer);
    this.written(writer);
  }

  /** {@link add} in two steps, without a closure. */
  writer(): ConnectResponseWriter {
    this.#writer ??= this.#pool.borrow();
    return this.#writer;
  }

  /** To be called after something was written to {@link writer}. */
  written(writer: ConnectResponseWriter): void {
    if (writer.length >= messageBytesTarget) this.#seal();
    if (this.#scheduled || this.#writes >= writesMax) return;
    this.#scheduled = true;
    setImmediate(this.#flushScheduled);
  }

  /** Sends what the transport takes without waiting for the end of the turn. */
  flush(): void {
    while (this.#writes < writesMax && !this.#closed) {
      if (this.#ready.length === 0) this.#seal();
      const bytes = this.#ready.shift();
      if (bytes === undefined) break;
      this.#readyBytes -= bytes.length;
      this.#writes++;
      this.#send(bytes, this.#passedOn);
    }
  }

  /** Forgets what was not taken, and takes nothing more. */
  close(): void {
    this.#closed = true;
    this.#ready.length = 0;
    this.#readyBytes = 0;
    this.#seal();
    this.#ready.length = 0;
    this.#readyBytes = 0;
  }

  readonly #flushScheduled = () => {
    this.#scheduled = false;
    this.flush();
  };

  readonly #passedOn = () => {
    this.#writes--;
    this.flush();
    this.#onDrained();
  };

  #seal(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    if (writer.length > 0) {
      const bytes = writer.take();
      this.#ready.push(bytes);
      this.#readyBytes += bytes.length;
    }
    this.#pool.giveBack(writer);
  }
}
