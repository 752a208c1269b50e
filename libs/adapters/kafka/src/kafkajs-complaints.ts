import { tlsAdvice } from "@holdfast/base/tls/trouble";
import type { LogEntry } from "kafkajs";

/**
 * What kafkajs complains about, as lines of a log. It tries several times a second to connect, so
 * what is wrong with TLS is told once, until a connection was made.
 */
export class KafkajsComplaints {
  readonly #onLog: (message: string) => void;
  readonly #told = new Set<string>();
  #last: string | undefined;

  constructor(onLog: (message: string) => void) {
    this.#onLog = onLog;
  }

  /** What is wrong with TLS on the way to a broker, for people; undefined where nothing is. */
  get trouble(): string | undefined {
    return this.#last;
  }

  hear({ namespace, log: { message, error = "", broker } }: LogEntry): void {
    const trouble = tlsAdvice(`${message} ${error}`);
    if (trouble === undefined) {
      this.#onLog([namespace, message, error].filter((part) => part !== "").join(": "));
      return;
    }
    // Who chooses among brokers repeats what the connection has said, without the address.
    if (broker === undefined) return;
    this.#last = `${broker}: ${trouble}`;
    if (this.#told.has(this.#last)) return;
    this.#told.add(this.#last);
    this.#onLog(this.#last);
  }

  /** A connection was made. */
  forget(): void {
    this.#told.clear();
    this.#last = undefined;
  }
}
