import { type AddressInfo, createServer, type Socket, type Server as TcpServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { admit, type DoorTls, doorOptions, refuse, watchDoor } from "@holdfast/base/tls/door";

/** Connections at once; past it new ones are turned away. */
const connectionsMax = 32_768;

/**
 * After so long in silence the kernel asks the other machine whether it is still there, once a
 * second, and cuts the connection when ten such probes had no answer (Node's settings).
 */
const probeAfterMs = 30_000;

/** Why a port could not be listened on, for people. */
export interface ListenRefused {
  readonly kind: "refused";
  readonly message: string;
}

/**
 * Accepts connections and knows them all. gRPC's own listener cannot be made to let go of them at a
 * given time unless its bookkeeping of every call is on, which costs more than the calls.
 */
export class Listener {
  readonly #server: TcpServer;
  readonly #sockets = new Set<Socket>();
  #onEmpty: (() => void) | undefined;

  /** `accept` gets every connection; with `tls`, those that have shown a certificate of the CA. */
  constructor(accept: (socket: Socket) => void, tls?: DoorTls) {
    const options = {
      // Small messages must not wait for an acknowledgement of the one before.
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: probeAfterMs,
    };
    if (tls === undefined) {
      this.#server = createServer(options, accept);
    } else {
      const secured = { ...options, ...doorOptions(tls), ALPNProtocols: ["h2"] };
      const server = createTlsServer(secured, (socket) => {
        const who = admit(socket, tls);
        if (who === "known") accept(socket);
        else if (who === "nobody")
          refuse(socket, tls, "a certificate has to be shown, and none was");
      });
      server.on("close", watchDoor(server, tls));
      this.#server = server;
    }
    // The bare connection, also of those who are still to show who they are: its end is theirs.
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        if (this.#sockets.size === 0) this.#onEmpty?.();
      });
    });
    this.#server.maxConnections = connectionsMax;
  }

  /** `address`: `host:port`; port 0 chooses one. Resolves with the address listened on. */
  listen(
    address: string,
  ): Promise<{ readonly kind: "listening"; readonly address: string } | ListenRefused> {
    const parsed = /^(?:\[(?<six>[^\]]+)\]|(?<host>[^:]*)):(?<port>\d{1,5})$/.exec(address)?.groups;
    const port = Number(parsed?.port);
    if (parsed === undefined || port > 65_535) {
      const message = `"${address}" is no address to listen on; it is host:port.`;
      return Promise.resolve({ kind: "refused", message });
    }
    const host = parsed.six ?? parsed.host ?? "";
    return new Promise((resolve) => {
      this.#server.once("error", (error) => resolve({ kind: "refused", message: error.message }));
      this.#server.listen({ port, ...(host !== "" && { host }) }, () => {
        const bound = this.#server.address() as AddressInfo;
        const shown = bound.family === "IPv6" ? `[${bound.address}]` : bound.address;
        resolve({ kind: "listening", address: `${shown}:${bound.port}` });
      });
    });
  }

  /** Takes no new connections. */
  stop(): void {
    this.#server.close();
  }

  /** Resolves when the last connection is gone. */
  emptied(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#sockets.size === 0) resolve();
      else this.#onEmpty = resolve;
    });
  }

  /** Cuts every connection. */
  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
