import { constants } from "node:crypto";
import type { Server, TLSSocket, TlsOptions } from "node:tls";
import type { TlsIdentity } from "./material.ts";
import { tlsTrouble } from "./trouble.ts";

/** How a port is secured: both sides show a certificate. */
export interface DoorTls {
  readonly identity: TlsIdentity;
  /** Hears who was turned away and why, for people. */
  readonly onRefused: (from: string, why: string) => void;
}

/** Who has not shown a certificate by then is cut off. */
const handshakeMs = 5_000;

/**
 * What a server of TLS is made with. It lets everybody in who then has to get past {@link admit}.
 */
export function doorOptions({ identity }: DoorTls): TlsOptions {
  return {
    ...contextOf(identity),
    requestCert: true,
    // Node would hang up by itself, and leave nobody to say who that was.
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
    // A ticket would let in for hours whoever was good once.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/**
 * Whether a connection comes from somebody with a certificate of the CA, or from somebody who shows
 * none at all; the owner of any other certificate is told of, and hung up on.
 */
export function admit(socket: TLSSocket, tls: DoorTls): "known" | "nobody" | "refused" {
  if (socket.authorized) return "known";
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return "nobody";
  const trouble = tlsTrouble(String(socket.authorizationError));
  const why = trouble ?? String(socket.authorizationError);
  // One line, whatever a stranger calls himself.
  const subject = shown.subject.replaceAll(/\s+/g, " ").slice(0, 100);
  refuse(socket, tls, `${why} (${subject})`);
  return "refused";
}

/** Hangs up on somebody, and tells of it. */
export function refuse(socket: TLSSocket, { onRefused }: DoorTls, why: string): void {
  onRefused(socket.remoteAddress ?? "somebody who has left", why);
  socket.destroy();
}

/**
 * Keeps a server's certificate current, and tells who does not get as far as to show one.
 * Connections that are open stay as they are. Returns how to stop.
 */
export function watchDoor(server: Server, { identity, onRefused }: DoorTls): () => void {
  server.on("tlsClientError", (error: Error, socket: TLSSocket) => {
    const why = tlsTrouble(error);
    if (why !== undefined) onRefused(socket.remoteAddress ?? "somebody who has left", why);
  });
  return identity.onChange(() => server.setSecureContext(contextOf(identity)));
}

function contextOf({ current: { ca, own } }: TlsIdentity): TlsOptions {
  return { ca, ...own, minVersion: "TLSv1.2" };
}
