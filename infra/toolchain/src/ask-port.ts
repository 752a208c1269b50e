import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { type ClientTls, contentOf } from "./server-tls.ts";

/** No answer we look at is longer. */
const ANSWER_BYTES_MAX = 65_536;

/** How a port is asked. */
export interface AskOptions {
  /** 1,000 if absent. */
  readonly timeoutMs?: number;
  /** Plain text if absent. */
  readonly tls?: ClientTls | undefined;
}

/**
 * Sends `question` to a loopback port and gives what comes back to `isComplete` as it grows, until
 * that says true. Undefined when the server hangs up before, or does not answer in time.
 */
export function askPort(
  port: number,
  question: Uint8Array,
  isComplete: (answer: Buffer) => boolean,
  { timeoutMs = 1_000, tls }: AskOptions = {},
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const to = { port, host: "127.0.0.1" };
    const socket = tls === undefined ? connect(to) : connectTls({ ...to, ...contentOf(tls) });
    const finish = (result: Buffer | undefined): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(result);
    };
    const late = setTimeout(() => finish(undefined), timeoutMs);
    socket.on(tls === undefined ? "connect" : "secureConnect", () => socket.write(question));
    socket.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (isComplete(answer)) finish(answer);
      else if (answer.length > ANSWER_BYTES_MAX) finish(undefined);
    });
    socket.on("error", () => finish(undefined));
    socket.on("close", () => finish(undefined));
  });
}
