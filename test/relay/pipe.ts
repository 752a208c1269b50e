import type { Socket } from "node:net";
import type { Link } from "./link.ts";

/** Bytes one direction of one connection takes in before it lets the sender wait. */
const queuedBytesMax = 1024 * 1024;

interface Queued {
  /** Undefined: the sender has said that nothing follows. */
  readonly chunk: Buffer | undefined;
  readonly dueMs: number;
}

/** One direction of one connection: passes bytes on in order, as late as the link says. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #link: Readonly<Link>;
  readonly #queue: Queued[] = [];
  /** Not yet taken by the receiving socket. */
  #queuedBytes = 0;
  #lastDueMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(from: Socket, to: Socket, link: Readonly<Link>) {
    this.#from = from;
    this.#to = to;
    this.#link = link;
    from.on("data", (chunk) => this.#take(chunk));
    from.on("end", () => this.#take(undefined));
    to.on("close", () => clearTimeout(this.#timer));
  }

  /** Passes on what is due; call it after the link has changed. */
  flush(): void {
    clearTimeout(this.#timer);
    while (!this.#link.held && !this.#to.destroyed) {
      const next = this.#queue[0];
      if (next === undefined) return;
      const leftMs = next.dueMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.flush(), leftMs);
        return;
      }
      this.#queue.shift();
      this.#give(next.chunk);
    }
  }

  #take(chunk: Buffer | undefined): void {
    const { latencyMs, jitterMs, bytesPerSecond } = this.#link;
    const length = chunk?.length ?? 0;
    const sendingMs = bytesPerSecond === 0 ? 0 : (length / bytesPerSecond) * 1000;
    const nowMs = performance.now();
    const earliestMs = nowMs + latencyMs + Math.random() * jitterMs + sendingMs;
    // Bytes never overtake each other, and share what the link can carry.
    this.#lastDueMs = Math.max(earliestMs, this.#lastDueMs + sendingMs);
    this.#queue.push({ chunk, dueMs: this.#lastDueMs });
    this.#queuedBytes += length;
    if (this.#queuedBytes > queuedBytesMax) this.#from.pause();
    this.flush();
  }

  #give(chunk: Buffer | undefined): void {
    if (chunk === undefined) {
      this.#to.end();
      return;
    }
    this.#to.write(chunk, () => {
      this.#queuedBytes -= chunk.length;
      if (this.#queuedBytes <= queuedBytesMax) this.#from.resume();
    });
  }
}
