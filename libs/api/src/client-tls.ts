import type { Socket } from "node:net";
import { isIP } from "node:net";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { CallCredentials, ChannelCredentials, type experimental } from "@grpc/grpc-js";
import { clientTlsOptions, ownFault, type TlsIdentity } from "@holdfast/base/tls/material";
import { tlsTrouble } from "@holdfast/base/tls/trouble";

/** Why there is no connection, as far as TLS is to blame. */
export interface TlsTrouble {
  /** For people, as "its certificate has expired". */
  readonly message: string;
  /** Waiting does not mend it: one of the two sides does not believe the other. */
  readonly isLasting: boolean;
}

/**
 * How one channel of gRPC reaches its server over TLS: each connection is made with what the
 * identity is by then, and why the last one came to nothing can be asked.
 */
export class ClientTls {
  readonly #identity: TlsIdentity;
  readonly #wallMs: () => number;
  #trouble: TlsTrouble | undefined;
  /** For this channel alone. */
  readonly credentials: ChannelCredentials = new LiveCredentials((socket, address) =>
    this.#secure(socket, address),
  );

  /** `wallMs`: the time of day, by which certificates end. */
  constructor(identity: TlsIdentity, wallMs: () => number) {
    this.#identity = identity;
    this.#wallMs = wallMs;
  }

  /** What is wrong with TLS on the way there; undefined where nothing is known to be. */
  get trouble(): TlsTrouble | undefined {
    return this.#trouble;
  }

  #secure(socket: Socket, address: string): Promise<TLSSocket> {
    const host = hostOf(address);
    const options: ConnectionOptions = {
      ...clientTlsOptions(this.#identity),
      socket,
      // The name that the certificate must be for.
      host,
      ...(isIP(host) === 0 && { servername: host }),
      ALPNProtocols: ["h2"],
    };
    return new Promise((resolve, reject) => {
      let isDone = false;
      const secured = connect(options, () => {
        isDone = true;
        this.#trouble = undefined;
        resolve(secured);
      });
      // The server's verdict on our certificate comes after the handshake is done on our side.
      secured.on("error", (error) => {
        const message = tlsTrouble(error);
        if (message !== undefined) this.#trouble = { message, isLasting: true };
        else if (!isDone) this.#trouble = { message: error.message, isLasting: false };
        reject(error);
      });
      secured.once("close", () => {
        // It hung up before it said a word, as one does that does not believe us.
        if (secured.bytesRead > 0 || this.#trouble !== undefined) return;
        const fault = ownFault(this.#identity.current, this.#wallMs());
        const message = fault ?? "it hung up: it may not accept our certificate";
        this.#trouble = { message, isLasting: fault !== undefined };
        reject(new Error("closed in the handshake"));
      });
    });
  }
}

type Secure = (socket: Socket, address: string) => Promise<TLSSocket>;

/** gRPC's own keep the certificate they were made with. */
class LiveCredentials extends ChannelCredentials {
  readonly #secure: Secure;

  constructor(secure: Secure) {
    super();
    this.#secure = secure;
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    target: experimental.GrpcUri,
    _options: object,
    callCredentials: CallCredentials = CallCredentials.createEmpty(),
  ): experimental.SecureConnector {
    return {
      connect: async (socket) => ({
        socket: await this.#secure(socket, target.path),
        secure: true,
      }),
      waitForReady: async () => {},
      getCallCredentials: () => callCredentials,
      destroy: () => {},
    };
  }
}

/** `host` of `host:port` or `[host]:port`. */
function hostOf(address: string): string {
  const parts = /^\[(?<six>[^\]]+)\]|^(?<host>[^:]*)/.exec(address)?.groups;
  return parts?.six ?? parts?.host ?? address;
}
