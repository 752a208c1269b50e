import { ConnectRequestWriter, messageBytesTarget } from "@holdfast/api/codec/connect-request";
import type { Command } from "@holdfast/core/command/command";

/** Messages handed to gRPC and not yet passed on by it; past it commands gather in the next one. */
const writesMax = 2;

/** Writers that no stream uses just now: most streams say something every few seconds only. */
const idleWriters: ConnectRequestWriter[] = [];

/**
 * What a stream has to send: all commands of one turn of the event loop go out as one message, and
 * while gRPC is busy they gather. A message costs some forty times as much as a command in it.
 */
export class CommandOutput {
  readonly #send: (bytes: Buffer, done: () => void) => void;
  readonly #full: Buffer[] = [];
  #writer: ConnectRequestWriter | undefined;
  #writes = 0;
  #scheduled = false;
  #closed = false;

  constructor(send: (bytes: Buffer, done: () => void) => void) {
    this.#send = send;
  }

  /** The first thing on a stream. */
  hello(clientName: string, clientVersion: string): void {
    this.#borrow().hello({ clientName, clientVersion });
    this.#flush();
  }

  /** Goes out at the end of this turn. */
  add(id: number, command: Command): void {
    const writer = this.#borrow();
    writer.command(id, command);
    if (writer.length >= messageBytesTarget) this.#seal();
    if (this.#scheduled || this.#writes >= writesMax) return;
    this.#scheduled = true;
    setImmediate(this.#flushScheduled);
  }

  /** Drops what was not passed on. */
  close(): void {
    this.#closed = true;
    this.#seal();
    this.#full.length = 0;
  }

  readonly #flushScheduled = (): void => {
    this.#scheduled = false;
    this.#flush();
  };

  readonly #passedOn = (): void => {
    this.#writes--;
    this.#flush();
  };

  #flush(): void {
    while (this.#writes < writesMax && !this.#closed) {
      if (this.#full.length === 0) this.#seal();
      const bytes = this.#full.shift();
      if (bytes === undefined) return;
      this.#writes++;
      this.#send(bytes, this.#passedOn);
    }
  }

  #borrow(): ConnectRequestWriter {
    this.#writer ??= idleWriters.pop() ?? new ConnectRequestWriter();
    return this.#writer;
  }

  #seal(): void {
    const writer = this.#writer;
    if (writer === undefined) return;
    this.#writer = undefined;
    if (writer.length > 0) this.#full.push(writer.take());
    if (idleWriters.length < 16) idleWriters.push(writer);
  }
}
