import type { Clock, Timer } from "@holdfast/base/clock";
import type { KeepAliveReply } from "@holdfast/engine/ports/shard-store";
import type { MessageListener, MessageStream } from "./message-stream.ts";
import { decodeKeepAlive, encodeKeepAlive, type KeepAliveAnswer } from "./wire/keep-alive.ts";

/** More than this many unanswered keepalives are not taken on. */
const pendingMax = 50_000;
/**
 * Keepalives are gathered for so long and written together, and so are answered together: with
 * thousands of idle clients the answers to many are sent in one turn, on warm caches, instead of
 * each on cold ones. A holder's deadline runs from before its heartbeat was sent, so nobody
 * believes longer; a heartbeat of the shortest ttl, 2 s, waits 500 ms for its answer.
 */
const gatherMs = 32;

interface Pending {
  readonly lease: bigint;
  readonly sentMs: number;
  readonly resolve: (reply: KeepAliveReply) => void;
}

/** What a {@link KeepAliveStream} is made of. */
export interface KeepAliveStreamOptions {
  /** Opens the stream; what it hears is told to the listener, later. */
  readonly open: (listener: MessageListener) => MessageStream;
  readonly clock: Clock;
  /** A stream that answers nothing for this long is given up, in milliseconds. */
  readonly silenceMaxMs: number;
  /** Whether an answer comes from the right cluster. */
  readonly isOurs: (clusterId: bigint) => boolean;
  /** Called once, when the stream takes no more keepalives. */
  readonly onEnd: () => void;
}

/**
 * One LeaseKeepAlive stream for the keepalives of all leases. etcd answers strictly in order, so a
 * queue is all that is needed to know which answer is whose.
 */
export class KeepAliveStream {
  readonly #options: KeepAliveStreamOptions;
  readonly #stream: MessageStream;
  /** Unanswered keepalives from `#first` on; those before it are cut off now and then. */
  #pending: Pending[] = [];
  #first = 0;
  #ended = false;
  #unsent: bigint[] = [];
  #gathering: Timer | undefined;
  #watchdog: Timer | undefined;

  constructor(options: KeepAliveStreamOptions) {
    this.#options = options;
    this.#stream = options.open({
      onMessage: (message) => {
        const problem = this.#onMessage(message);
        if (problem !== undefined) this.#end(problem);
      },
      onEnd: (reason) => this.#end(reason),
    });
  }

  keepAlive(lease: bigint): Promise<KeepAliveReply> {
    if (this.#ended) return Promise.resolve({ kind: "unavailable", message: "the stream ended" });
    if (this.#pending.length - this.#first >= pendingMax) {
      const message = `${pendingMax} keepalives wait for their answer`;
      return Promise.resolve({ kind: "unavailable", message });
    }
    return new Promise((resolve) => {
      const sentMs = this.#options.clock.monotonicMs();
      this.#pending.push({ lease, sentMs, resolve });
      this.#unsent.push(lease);
      this.#gathering ??= this.#options.clock.schedule(gatherMs, () => this.#send());
      this.#watchdog ??= this.#arm(this.#options.silenceMaxMs);
    });
  }

  /** Lets what was sent be answered, and takes no more. */
  drain(): void {
    this.#send();
    this.#stream.end();
  }

  #send(): void {
    this.#gathering?.cancel();
    this.#gathering = undefined;
    const leases = this.#unsent;
    this.#unsent = [];
    if (leases.length > 0) this.#stream.write(leases.map(encodeKeepAlive));
  }

  /** Answers the oldest keepalive; what is wrong with the message, if anything. */
  #onMessage(message: Buffer): string | undefined {
    let answer: KeepAliveAnswer;
    try {
      answer = decodeKeepAlive(message);
    } catch (error) {
      return `an answer was malformed: ${error}`;
    }
    if (!this.#options.isOurs(answer.clusterId)) return "another etcd answers";
    const pending = this.#pending[this.#first];
    // An answer that went to the wrong lease would revive locks that are lost.
    if (pending?.lease !== answer.lease) return "an answer came out of order";
    this.#first += 1;
    if (this.#first > 1_024 && this.#first * 2 > this.#pending.length) {
      this.#pending = this.#pending.slice(this.#first);
      this.#first = 0;
    }
    pending.resolve({ kind: "kept", ttlS: answer.ttlS });
    return undefined;
  }

  #arm(delayMs: number): Timer {
    return this.#options.clock.schedule(delayMs, () => {
      this.#watchdog = undefined;
      const oldest = this.#pending[this.#first];
      if (oldest === undefined) return;
      const { clock, silenceMaxMs } = this.#options;
      const leftMs = oldest.sentMs + silenceMaxMs - clock.monotonicMs();
      if (leftMs > 0) this.#watchdog = this.#arm(leftMs);
      else this.#end(`no answer within ${silenceMaxMs} ms`);
    });
  }

  #end(message: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#watchdog?.cancel();
    this.#gathering?.cancel();
    this.#unsent = [];
    this.#stream.cancel();
    this.#options.onEnd();
    const unanswered = this.#pending.slice(this.#first);
    this.#pending = [];
    this.#first = 0;
    for (const pending of unanswered) pending.resolve({ kind: "unknown", message });
  }
}
