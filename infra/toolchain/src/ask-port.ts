import { connect } from "node:net";

/** No answer we look at is longer. */
const ANSWER_BYTES_MAX = 65_536;

/**
 * Sends `question` to a loopback port and gives what comes back to `isComplete` as it grows, until
 * that says true. Undefined when the server hangs up before, or does not answer in time.
 */
export function askPort(
  port: number,
  question: Uint8Array,
  isComplete: (answer: Buffer) => boolean,
  timeoutMs = 1_000,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let answer = Buffer.alloc(0);
    const socket = connect({ port, host: "127.0.0.1" });
    const finish = (result: Buffer | undefined): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(result);
    };
    const late = setTimeout(() => finish(undefined), timeoutMs);
    socket.on("connect", () => socket.write(question));
    socket.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      if (isComplete(answer)) finish(answer);
      else if (answer.length > ANSWER_BYTES_MAX) finish(undefined);
    });
    socket.on("error", () => finish(undefined));
    socket.on("close", () => finish(undefined));
  });
}
