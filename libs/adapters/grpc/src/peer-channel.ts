import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  connectivityState,
  credentials,
  type Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import { ClientTls } from "@holdfast/api/client-tls";
import { failureOf, statusDetailsKey } from "@holdfast/api/failure-status";
import type { Failure } from "@holdfast/base/failure";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { limits } from "@holdfast/core/limits";
import { passThrough } from "./unary-handler.ts";

/** What a call over a channel came to. */
export type ChannelReply =
  | { readonly kind: "answered"; readonly bytes: Buffer }
  /** The other server answered with a failure. */
  | { readonly kind: "refused"; readonly failure: Failure }
  /** The transport gave up after it may have sent the request. */
  | Failure
  | Unconnected;

/** There is no connection, and nothing was sent. */
export interface Unconnected {
  readonly kind: "unconnected";
  readonly reason: string;
}

/** How long a connection may take before the next address is tried. */
const connectWithinMs = 2_000;

/** The connection to one router, made when it is first needed and again when it was lost. */
export class PeerChannel {
  readonly address: string;
  readonly #tls: ClientTls | undefined;
  readonly #client: Client;
  #load = 0;

  /** `options`: of gRPC, in place of what is set here. Without `tls` it is plain text. */
  constructor(address: string, tls?: TlsIdentity, options: ChannelOptions = {}) {
    this.address = address;
    this.#tls = tls && new ClientTls(tls, Date.now);
    this.#client = new Client(address, this.#tls?.credentials ?? credentials.createInsecure(), {
      "grpc.enable_channelz": 0,
      // Routers of one installation speak to each other directly, whatever the environment says.
      "grpc.enable_http_proxy": 0,
      // Repeating is for those who know what a repeat means.
      "grpc.enable_retries": 0,
      // Channels to one address share a connection otherwise, and with it the streams it may have.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.initial_reconnect_backoff_ms": 100,
      "grpc.max_reconnect_backoff_ms": 1_000,
      "grpc.keepalive_time_ms": 10_000,
      "grpc.keepalive_timeout_ms": 5_000,
      "grpc.max_receive_message_length": 4 * limits.streamMessageBytesMax,
      "grpc.max_send_message_length": -1,
      ...options,
    });
  }

  /** Calls under way. */
  get load(): number {
    return this.#load;
  }

  /** One call; `deadline` as gRPC takes it, by the wall clock of this process. */
  async call(
    path: string,
    request: Buffer,
    metadata: Metadata,
    deadline: number,
    onCancel: (cancel: () => void) => void,
  ): Promise<ChannelReply> {
    this.#load++;
    const reply =
      (await this.#connected(deadline)) ??
      (await this.#send(path, request, metadata, deadline, onCancel));
    this.#load--;
    return reply;
  }

  #send(
    path: string,
    request: Buffer,
    metadata: Metadata,
    deadline: number,
    onCancel: (cancel: () => void) => void,
  ): Promise<ChannelReply> {
    return new Promise((resolve) => {
      const call = this.#client.makeUnaryRequest(
        path,
        passThrough,
        passThrough,
        request,
        metadata,
        { deadline },
        (error: ServiceError | null, bytes?: Buffer) => {
          if (bytes !== undefined) resolve({ kind: "answered", bytes });
          else if (isSaid(error)) resolve({ kind: "refused", failure: failureIn(error) });
          else resolve(failureIn(error));
        },
      );
      onCancel(() => call.cancel());
    });
  }

  /** A call whose answer is a stream; or why it was not made. */
  async follow(
    path: string,
    request: Buffer,
    metadata: Metadata,
  ): Promise<ClientReadableStream<Buffer> | Unconnected> {
    const make = () =>
      this.#client.makeServerStreamRequest(path, passThrough, passThrough, request, metadata);
    return this.#begin(make, Number.POSITIVE_INFINITY);
  }

  /** A call that is a stream both ways; or why it was not made. `deadline` as for {@link call}. */
  async converse(
    path: string,
    metadata: Metadata,
    deadline: number,
  ): Promise<ClientDuplexStream<Buffer, Buffer> | Unconnected> {
    const make = () =>
      this.#client.makeBidiStreamRequest(path, passThrough, passThrough, metadata, { deadline });
    return this.#begin(make, deadline);
  }

  async #begin<Stream extends ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>>(
    make: () => Stream,
    deadline: number,
  ): Promise<Stream | Unconnected> {
    // Counted before there is a connection, or all that come meanwhile would choose this one.
    this.#load++;
    const unconnected = await this.#connected(deadline);
    if (unconnected !== undefined) {
      this.#load--;
      return unconnected;
    }
    const stream = make();
    stream.on("status", () => {
      this.#load--;
    });
    return stream;
  }

  close(): void {
    this.#client.close();
  }

  /**
   * Undefined when there is a connection. A call is begun only then, or "never sent" were a guess.
   */
  async #connected(deadline: number): Promise<Unconnected | undefined> {
    const channel = this.#client.getChannel();
    const byMs = Math.min(deadline, Date.now() + connectWithinMs);
    for (;;) {
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return undefined;
      if (state === connectivityState.TRANSIENT_FAILURE) {
        return { kind: "unconnected", reason: this.#noConnection("") };
      }
      if (state === connectivityState.SHUTDOWN) {
        return { kind: "unconnected", reason: "this router stops" };
      }
      const changed = await new Promise<boolean>((resolve) => {
        channel.watchConnectivityState(state, byMs, (error) => resolve(error === undefined));
      });
      if (!changed) {
        const reason = this.#noConnection(` within ${connectWithinMs} ms`);
        return { kind: "unconnected", reason };
      }
    }
  }

  #noConnection(when: string): string {
    const trouble = this.#tls?.trouble?.message;
    const why = trouble === undefined ? "" : `: ${trouble}`;
    return `no connection to ${this.address}${when}${why}`;
  }
}

/** A server of ours made the status; nobody else adds the details. */
function isSaid(status: Pick<StatusObject, "metadata"> | null): boolean {
  return (status?.metadata.get(statusDetailsKey).length ?? 0) > 0;
}

/** The failure behind the status of a call. */
export function failureIn(
  status: Pick<StatusObject, "code" | "details" | "metadata"> | null,
): Failure {
  const [detailsBin] = status?.metadata.get(statusDetailsKey) ?? [];
  return failureOf({
    code: status?.code ?? 2,
    message: status?.details ?? "",
    ...(Buffer.isBuffer(detailsBin) && { detailsBin }),
  });
}
