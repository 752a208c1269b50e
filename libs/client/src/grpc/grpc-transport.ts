import { type ChannelOptions, Client, credentials } from "@grpc/grpc-js";
import { ClientTls, type TlsTrouble } from "@holdfast/api/client-tls";
import type { Clock } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { limits } from "@holdfast/core/limits";
import type { ConnectionListener, ConnectReply, Transport } from "../transport.ts";
import { GrpcConnection } from "./grpc-connection.ts";

/** How long a router may take to say hello, its connection included. */
const helloMsMax = 5_000;

const connectPath = "/holdfast.v1.SessionService/Connect";

/** For every channel to a router. */
export const channelOptions: ChannelOptions = {
  // Nothing is ever repeated behind our back: a repeat has to be known to be one.
  "grpc.enable_retries": 0,
  // A router whose machine is gone closes no connection. Heartbeats find out sooner; this is for
  // those who have no session.
  "grpc.keepalive_time_ms": 20_000,
  "grpc.keepalive_timeout_ms": 5_000,
  "grpc.max_receive_message_length": 2 * limits.streamMessageBytesMax,
  "grpc.max_send_message_length": limits.streamMessageBytesMax,
  // One connection each: a broken one must not take another client's stream along.
  "grpc.use_local_subchannel_pool": 1,
};

/** Reaches routers over gRPC: one stream, on a connection of its own, for each `connect`. */
export class GrpcTransport implements Transport {
  readonly #clock: Clock;
  readonly #client: { readonly name: string; readonly version: string };
  readonly #identity: TlsIdentity | undefined;

  /** `client`: what the router is told of who connects. Without an identity it is plain text. */
  constructor(
    clock: Clock,
    client: { readonly name: string; readonly version: string },
    identity?: TlsIdentity,
  ) {
    this.#clock = clock;
    this.#client = client;
    this.#identity = identity;
  }

  connect(endpoint: string, listener: ConnectionListener): Promise<ConnectReply> {
    return new Promise((resolve) => {
      const tls = this.#identity && new ClientTls(this.#identity, () => this.#clock.wallMs());
      const secured = tls?.credentials ?? credentials.createInsecure();
      const channel = new Client(endpoint, secured, channelOptions);
      const stream = channel.makeBidiStreamRequest(connectPath, sameBytes, sameBytes);
      let why: string | undefined;
      let greeted = false;
      let foreign = false;
      const connection = new GrpcConnection(
        stream,
        {
          onEvent: (event) => listener.onEvent(event),
          onClosed: (reason) => {
            if (greeted) listener.onClosed(reason);
            else if (tls?.trouble !== undefined) resolve(tlsFailure(endpoint, tls.trouble));
            else if (foreign) resolve(noRouter(endpoint, reason));
            else resolve(failure("SHARD_UNAVAILABLE", `${endpoint}: ${why ?? reason}.`));
          },
        },
        this.#client,
        () => {
          greeted = true;
          timer.cancel();
          resolve({ kind: "connected", connection });
        },
        (noRouterAtAll) => {
          foreign = noRouterAtAll;
          timer.cancel();
          channel.close();
        },
      );
      const timer = this.#clock.schedule(helloMsMax, () => {
        why = `no hello in ${helloMsMax} ms`;
        connection.close();
      });
    });
  }
}

function noRouter(endpoint: string, reason: string): Failure {
  return failure(
    "UNIMPLEMENTED",
    `${endpoint} answers, but is no Holdfast router (${reason.replace(/\.$/, "")}). ` +
      "Name a router's endpoint: they listen on 7420 and up unless told otherwise.",
  );
}

/** What TLS has against a connection. */
export function tlsFailure(endpoint: string, { message, isLasting }: TlsTrouble): Failure {
  const code = isLasting ? "UNAUTHENTICATED" : "SHARD_UNAVAILABLE";
  return failure(code, `${endpoint}, over TLS: ${message}.`);
}

function sameBytes(bytes: Buffer): Buffer {
  return bytes;
}
