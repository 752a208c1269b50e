/** What collects a message. */
interface MessageWriter {
  readonly length: number;
  take(): Buffer;
}

/** How large a message grows before the next one is begun, in bytes; the limit is 1 MiB. */
const messageBytesTarget = 128 * 1024;
/** Messages handed to the transport and not yet passed on by it. */
const writesMax = 2;
/** Past this the other side does not read what it asked for. */
const pendingBytesMax = 16 * 1024 * 1024;

/**
 * What one side of a stream has to say: all that is written in one turn of the event loop leaves as
 * one message, and while the transport is busy more of it gathers.
 */
export class TurnOutput<Writer extends MessageWriter> {
  readonly #writer: Writer;
  readonly #send: (bytes: Buffer, done: () => void) => void;
  readonly #onOverflow: () => void;
  readonly #ready: Buffer[] = [];
  #readyBytes = 0;
  #writes = 0;
  #scheduled = false;
  #closed = false;

  /** `onOverflow` is called once, when so much waits that the stream must be given up. */
  constructor(
    writer: Writer,
    send: (bytes: Buffer, done: () => void) => void,
    onOverflow: () => void,
  ) {
    this.#writer = writer;
    this.#send = send;
    this.#onOverflow = onOverflow;
  }

  /** `write` adds to the message and does nothing else; it leaves at the end of this turn. */
  add(write: (writer: Writer) => void): void {
    if (this.#closed) return;
    write(this.#writer);
    if (this.#writer.length >= messageBytesTarget) this.#seal();
    if (this.#readyBytes > pendingBytesMax) {
      this.close();
      this.#onOverflow();
    } else if (!this.#scheduled && this.#writes < writesMax) {
      this.#scheduled = true;
      setImmediate(this.#flushScheduled);
    }
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
  }

  readonly #flushScheduled = () => {
    this.#scheduled = false;
    this.flush();
  };

  readonly #passedOn = () => {
    this.#writes--;
    this.flush();
  };

  #seal(): void {
    if (this.#writer.length === 0) return;
    const bytes = this.#writer.take();
    this.#ready.push(bytes);
    this.#readyBytes += bytes.length;
  }
}
