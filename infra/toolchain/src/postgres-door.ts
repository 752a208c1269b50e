import { connect as connectPort } from "node:net";
import { connect as connectTls } from "node:tls";
import { askPort } from "./ask-port.ts";
import { type ClientTls, contentOf } from "./server-tls.ts";

/** In the place of a version of the protocol: whether TLS is spoken here. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const ANSWER_MS = 3_000;

/**
 * What a Postgres asks of a client who wants in: "nothing", "a password", or else what it says, as
 * the whole of its answer. Undefined when it hangs up, or does not answer in time.
 */
export async function askedByPostgres(
  port: number,
  user: string,
  tls?: ClientTls,
): Promise<string | undefined> {
  const isWhole = (bytes: Buffer): boolean => bytes.length >= 9;
  const answer =
    tls === undefined
      ? await askPort(port, startup(user), isWhole)
      : await askSecurely(port, startup(user), isWhole, tls);
  if (answer === undefined) return undefined;
  if (answer[0] !== "R".charCodeAt(0)) return answer.toString();
  return answer.readInt32BE(5) === 0 ? "nothing" : "a password";
}

/** The first message of a client, as the protocol has it. */
export function startup(user: string): Buffer {
  const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0postgres\0\0`, "latin1");
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([length, body]);
}

/** Asks in plain text whether TLS is spoken, and the question over TLS then. */
function askSecurely(
  port: number,
  question: Buffer,
  isWhole: (answer: Buffer) => boolean,
  tls: ClientTls,
): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connectPort({ port, host: "127.0.0.1" });
    const finish = (answer: Buffer | undefined): void => {
      clearTimeout(late);
      socket.destroy();
      resolve(answer);
    };
    const late = setTimeout(() => finish(undefined), ANSWER_MS);
    socket.on("connect", () => socket.write(SSL_REQUEST));
    socket.on("error", () => finish(undefined));
    socket.on("close", () => finish(undefined));
    socket.once("data", (verdict: Buffer) => {
      if (verdict.toString() !== "S") return finish(undefined);
      const secured = connectTls({ socket, host: "127.0.0.1", ...contentOf(tls) });
      let answer = Buffer.alloc(0);
      secured.on("secureConnect", () => secured.write(question));
      secured.on("data", (chunk: Buffer) => {
        answer = Buffer.concat([answer, chunk]);
        if (isWhole(answer)) finish(answer);
      });
      secured.on("error", () => finish(undefined));
    });
  });
}
