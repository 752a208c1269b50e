import { utf8 } from "@holdfast/base/bytes";
import { Cancellation } from "@holdfast/base/cancellation";
import { type Clock, sleep } from "@holdfast/base/clock";
import { invariant } from "@holdfast/base/invariant";
import { type Attempt, encodeAttempt } from "@holdfast/core/audit/attempt";
import { type EventLog, type EventRecord, recordBytes } from "../ports/event-log.ts";
import type { Counter, Meter } from "../ports/meter.ts";

/** The topic that routers tell of attempts in. */
export const attemptsTopic = "holdfast.attempts.v1";

/** Attempts that wait to be sent; a flood of more is dropped. */
const waitingMax = 4_096;
/** Most attempts of one append. */
const appendRecordsMax = 1_024;
/** How often those that wait are sent, in ms: with the bounds above, 8,000 of them a second. */
const everyMs = 500;
/** Pause after an append that failed, in ms. */
const retryMs = 5_000;

/** What a stream is made of. */
export interface AttemptStreamOptions {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Names the router process; two have never the same. */
  readonly router: string;
  readonly region: string;
  /** Told once when nothing can be sent any more, and once when it can again. */
  readonly onTrouble: (message: string | undefined) => void;
}

/** What is told of an attempt by whoever saw it. */
export type SeenAttempt = Omit<Attempt, "router" | "number" | "atMs" | "region">;

/**
 * Sends what routers refused to the log, behind everybody's back: telling it of an attempt takes a
 * place in a bounded buffer and no more. What finds no place is dropped and counted, and leaves a
 * hole in the numbers of its router.
 */
export class AttemptStream {
  readonly #options: AttemptStreamOptions;
  readonly #seen: Counter;
  readonly #dropped: Counter;
  readonly #stopped = new Cancellation();
  #waiting: Attempt[] = [];
  #number = 0;
  #isInTrouble = false;
  #running: Promise<void> | undefined;

  constructor(options: AttemptStreamOptions) {
    const { meter } = options;
    this.#options = options;
    this.#seen = meter.counter({
      name: "holdfast_attempts_total",
      help: "Requests that were refused, timed out or failed",
    });
    this.#dropped = meter.counter({
      name: "holdfast_attempts_dropped_total",
      help: "Those of them that are in no log, for there were too many or the log was away",
    });
  }

  /** Begins to send. */
  start(): void {
    invariant(this.#running === undefined, "a stream is started once");
    this.#running = this.#run();
  }

  /** Sends what waits, if the log takes it at once, and ends. */
  async stop(): Promise<void> {
    this.#stopped.cancel();
    await this.#running;
  }

  tell(seen: SeenAttempt): void {
    const { clock, router, region } = this.#options;
    this.#number += 1;
    this.#seen.add(1);
    if (this.#waiting.length >= waitingMax) this.#dropped.add(1);
    else
      this.#waiting.push({ router, number: this.#number, atMs: clock.wallMs(), region, ...seen });
  }

  async #run(): Promise<void> {
    const { log, clock } = this.#options;
    const producer = log.openProducer(attemptsTopic);
    for (let isLast = false; !isLast; ) {
      isLast = (await sleep(clock, everyMs, this.#stopped)) === "cancelled";
      // Whoever ends does not wait for a log that was away the last time.
      if (isLast && this.#isInTrouble) break;
      while (this.#waiting.length > 0) {
        const { records, attempts } = this.#next();
        const reply = await producer.append(records);
        const isTaken = reply.kind === "appended";
        this.#tellTrouble(isTaken ? undefined : reply.message);
        if (isTaken) {
          this.#waiting.splice(0, attempts);
          continue;
        }
        isLast ||= (await sleep(clock, retryMs, this.#stopped)) === "cancelled";
        break;
      }
    }
    this.#dropped.add(this.#waiting.length);
    this.#waiting = [];
    await producer.close();
  }

  /** The eldest, as many as go into one append. */
  #next(): { readonly records: readonly EventRecord[]; readonly attempts: number } {
    const { appendBytesMax } = this.#options.log.limits;
    const records: EventRecord[] = [];
    let bytes = 0;
    for (const attempt of this.#waiting.slice(0, appendRecordsMax)) {
      const record = { key: keyOf(attempt), value: utf8(encodeAttempt(attempt)), headers: {} };
      bytes += recordBytes(record);
      if (bytes > appendBytesMax) break;
      records.push(record);
    }
    // Each is a few hundred bytes: what a command may hold is bounded long before it comes here.
    invariant(records.length > 0, "an attempt fits into an append");
    return { records, attempts: records.length };
  }

  #tellTrouble(message: string | undefined): void {
    if (this.#isInTrouble === (message !== undefined)) return;
    this.#isInTrouble = message !== undefined;
    this.#options.onTrouble(message);
  }
}

/** Those for one lock stay in order. */
function keyOf({ lock, session, router }: Attempt): Uint8Array {
  return utf8(lock === undefined ? (session ?? router) : `${lock.namespace}/${lock.name}`);
}
