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

/** What a server of TLS is made with; nobody without a certificate of the CA gets past it. */
export function doorOptions({ identity }: DoorTls): TlsOptions {
  return {
    ...contextOf(identity),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: handshakeMs,
  };
}

/**
 * Keeps a server's certificate current, and tells who is refused. Connections that are open stay as
 * they are. Returns how to stop.
 */
export function watchDoor(server: Server, { identity, onRefused }: DoorTls): () => void {
  server.on(
    "tlsClientError",
    (error: Error, socket: TLSSocket & { authorizationError?: unknown }) => {
      // Node cuts off whoever is not believed, and leaves the reason here alone.
      const why = tlsTrouble(socket.authorizationError) ?? tlsTrouble(error);
      if (why !== undefined) onRefused(socket.remoteAddress ?? "somebody who has left", why);
    },
  );
  return identity.onChange(() => server.setSecureContext(contextOf(identity)));
}

function contextOf({ current: { ca, own } }: TlsIdentity): TlsOptions {
  return { ca, ...own, minVersion: "TLSv1.2" };
}
