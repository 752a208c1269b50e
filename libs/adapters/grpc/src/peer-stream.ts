import type { ClientDuplexStream, StatusObject } from "@grpc/grpc-js";
import { ConnectRequestWriter } from "@holdfast/api/codec/connect-request";
import {
  type ConnectResponseContent,
  ConnectResponseReader,
} from "@holdfast/api/codec/connect-response";
import { failureStatus } from "@holdfast/api/failure-status";
import type { Clock, Timer } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import { failureIn } from "./peer-channel.ts";
import type { WaitNews, WaitReply } from "./peer-wait.ts";
import { TurnOutput } from "./turn-output.ts";

/** Decoding keeps no state between messages, so one serves all streams. */
const reader = new ConnectResponseReader();

interface Pending {
  readonly news: WaitNews;
  readonly resolve: (reply: WaitReply) => void;
  readonly timer: Timer;
}

/**
 * Commands of many callers over one stream of `SessionService.Connect`: those of one turn of the
 * event loop leave as one message, where a call of its own costs each as much as the rest of it.
 *
 * A stream cannot say that a request ends with its caller, so it is for those that outlive theirs.
 */
export class PeerStream {
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #clock: Clock;
  readonly #output: TurnOutput<ConnectRequestWriter>;
  readonly #pending = new Map<number, Pending>();
  #greeted = false;
  #leaving = false;
  #over = false;
  #lastId = 0;

  /** Says hello. */
  constructor(stream: ClientDuplexStream<Buffer, Buffer>, clock: Clock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#output = new TurnOutput(
      new ConnectRequestWriter(),
      (bytes, done) => stream.write(bytes, done),
      () => stream.cancel(),
    );
    stream.on("data", (bytes: Buffer) => this.#read(bytes));
    // The status says the same, and comes always.
    stream.on("error", () => {});
    stream.on("status", (status: StatusObject) => this.#onStatus(status));
    this.#output.add((writer) =>
      writer.hello({ clientName: "holdfast-router", clientVersion: "" }),
    );
  }

  /** Commands without an answer. */
  get load(): number {
    return this.#pending.size;
  }

  /** It takes commands still. */
  get isOpen(): boolean {
    return !this.#leaving && !this.#over;
  }

  /**
   * Must be open. That the one who waits is gone is passed on: it may come back by another way, and
   * what is handed over to it here is had by nobody. Without an answer within that time
   * nobody knows what became of the command.
   */
  ask(command: Command, news: WaitNews, withinMs: number): Promise<WaitReply> {
    const id = this.#nextId();
    const reply = this.#ask(id, command, news, withinMs);
    if (command.kind !== "acquire" || command.waitMs === 0) return reply;
    const forget = news.cancellation.onCancel(() => this.#output.add((writer) => writer.gone(id)));
    return reply.finally(forget);
  }

  #ask(id: number, command: Command, news: WaitNews, withinMs: number): Promise<WaitReply> {
    return new Promise((resolve) => {
      const timer = this.#clock.schedule(withinMs, () => {
        this.#pending.delete(id);
        resolve(unanswered(`no answer within ${Math.round(withinMs)} ms.`));
        this.#endIfDone();
      });
      this.#pending.set(id, { news, resolve, timer });
      this.#output.add((writer) => writer.command(id, command));
    });
  }

  /** A wait may last an hour, and the numbers go round. */
  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) % 2 ** 32;
    while (this.#pending.has(this.#lastId));
    return this.#lastId;
  }

  #read(bytes: Buffer): void {
    const content = reader.read(bytes);
    if (content === undefined) {
      this.#stream.cancel();
      return;
    }
    if (content.hello !== undefined) this.#greeted = true;
    this.#hear(content.events);
    for (const { id, outcome } of content.results) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      pending?.timer.cancel();
      pending?.resolve({ kind: "answered", outcome });
    }
    this.#endIfDone();
  }

  #hear(events: ConnectResponseContent["events"]): void {
    for (const event of events) {
      if (event.kind === "go-away") this.#leaving = true;
      if (event.kind === "queue-position") {
        this.#pending.get(event.id)?.news.onPosition?.(event.position);
      }
      if (event.kind === "place-leases") {
        this.#pending.get(event.id)?.news.onLeases?.(event.leases);
      }
    }
  }

  /** A server that stops waits for the streams that have nothing to be answered any more, too. */
  #endIfDone(): void {
    if (!this.#leaving || this.#over || this.#pending.size > 0) return;
    this.#over = true;
    this.#stream.end();
  }

  #onStatus(status: StatusObject): void {
    this.#over = true;
    this.#output.close();
    const reply = this.#without(status);
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { resolve, timer } of pending) {
      timer.cancel();
      resolve(reply);
    }
  }

  /** What refuses a stream before it was greeted has begun nothing of what it carried. */
  #without(status: StatusObject): Failure {
    const found = failureIn(status);
    if (!this.#greeted && failureStatus[found.code].repeat === "no") return found;
    return unanswered(found.message || "the stream ended without an answer.");
  }
}

function unanswered(message: string): Failure {
  return failure("UNKNOWN_OUTCOME", message);
}
