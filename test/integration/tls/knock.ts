import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import type { Files } from "./certificates.ts";

/** How every client of HTTP/2 begins: the preface and an empty SETTINGS frame. */
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

/** What a server made of who knocked: the first it said, or that it hung up, and why. */
export type Answer =
  | { readonly kind: "spoke"; readonly text: string; readonly serverCertificate: string }
  | { readonly kind: "hung-up"; readonly why: string };

/** Knocks at a port of this machine, with a certificate or without; `say` asks over HTTP/1. */
export function knock(
  port: number,
  files: Pick<Files, "ca"> & Partial<Files>,
  say?: string,
): Promise<Answer> {
  const file = (path: string | undefined) => path && readFileSync(path);
  return new Promise((resolve) => {
    const socket = connect({
      host: "127.0.0.1",
      port,
      ...(say === undefined && { ALPNProtocols: ["h2"] }),
      ...{ ca: file(files.ca), cert: file(files.cert), key: file(files.key) },
      timeout: 5_000,
    });
    const hungUp = (why: string): void => {
      socket.destroy();
      resolve({ kind: "hung-up", why });
    };
    socket.on("secureConnect", () => {
      socket.write(say === undefined ? preface : `GET ${say} HTTP/1.0\r\n\r\n`);
    });
    socket.on("data", (bytes: Buffer) => {
      const serverCertificate = socket.getPeerX509Certificate()?.subject ?? "";
      socket.destroy();
      resolve({ kind: "spoke", text: bytes.toString("latin1"), serverCertificate });
    });
    socket.on("error", (error) => hungUp(error.message));
    socket.on("close", () => hungUp("closed"));
    socket.on("timeout", () => hungUp("silent"));
  });
}
