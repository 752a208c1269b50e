import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock } from "@holdfast/base/clock";
import { splitEndpoint } from "./endpoint.ts";
import { within } from "./within.ts";

const connectTimeoutMs = 1_500;
/** What is slow to speak may be a router all the same, so this is no verdict, only a look. */
const greetingTimeoutMs = 500;

/** How every client of HTTP/2 begins: the preface and an empty SETTINGS frame. */
const preface = Buffer.concat([
  Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);
const settingsFrame = 4;
/** What TLS answers to anything that is no hello of its own: an alert. */
const tlsAlert = 21;

/**
 * What is at an endpoint: nothing that takes a TCP connection; something that has not spoken yet;
 * what speaks HTTP/2, as gRPC does; what speaks TLS; or for certain something else.
 */
export type Listener = "nothing" | "silent" | "http2" | "tls" | "foreign";

/**
 * Looks who listens at `endpoint`. A refusal is known at once, and so is a wrong protocol; who is
 * going to speak TLS (`overTls`) says nothing in plain text, which a server would write down.
 */
export async function listenerAt(
  clock: Clock,
  endpoint: string,
  overTls = false,
): Promise<Listener> {
  const address = splitEndpoint(endpoint);
  if (address === undefined) return "nothing";
  const socket = connect(address);
  // An error after the look has nobody to tell.
  socket.on("error", () => {});
  try {
    const connected = new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    await within(clock, connectTimeoutMs, connected, "no connection");
  } catch {
    socket.destroy();
    return "nothing";
  }
  if (overTls) {
    socket.destroy();
    return "silent";
  }
  try {
    socket.write(preface);
    return await within(clock, greetingTimeoutMs, greetingOn(socket), "no greeting");
  } catch {
    // One that speaks TLS hangs up on anything else, as one does that is about to stop.
    return socket.closed && (await speaksTls(clock, address)) ? "tls" : "silent";
  } finally {
    socket.destroy();
  }
}

/** Whether it gets as far as to say who it is; whether that is to be believed is not asked. */
async function speaksTls(clock: Clock, address: { host: string; port: number }): Promise<boolean> {
  const socket = connectTls({ ...address, rejectUnauthorized: false, ALPNProtocols: ["h2"] });
  const secured = new Promise<boolean>((resolve) => {
    socket.once("secureConnect", () => resolve(true));
    socket.on("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
  const spoke = await within(clock, greetingTimeoutMs, secured, "no handshake").catch(() => false);
  socket.destroy();
  return spoke;
}

/** A server of HTTP/2 begins with a SETTINGS frame, whose fourth byte says what it is. */
function greetingOn(socket: Socket): Promise<Listener> {
  return new Promise((resolve, reject) => {
    let heard = Buffer.alloc(0);
    socket.on("data", (bytes) => {
      heard = Buffer.concat([heard, bytes]);
      if (heard.length <= 3) return;
      if (heard[0] === tlsAlert && heard[1] === 3) resolve("tls");
      else resolve(heard[3] === settingsFrame ? "http2" : "foreign");
    });
    socket.once("close", () => reject(new Error("closed without a word")));
  });
}
