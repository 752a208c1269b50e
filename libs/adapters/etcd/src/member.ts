import {
  type ClientDuplexStream,
  connectivityState,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { ClientTls } from "@holdfast/api/client-tls";
import type { Cancellation } from "@holdfast/base/cancellation";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { Host } from "etcd3/lib/connection-pool.js";
import { GrpcMessageStream, type MessageListener, type MessageStream } from "./message-stream.ts";

/** How long a connection may take before another member is tried, in milliseconds. */
const connectTimeoutMs = 1_000;

/**
 * Options of the channel to a member, which is etcd3's. Each one keeps a promise: no call is ever
 * repeated, and a connection that is gone is noticed.
 */
const channelOptions = {
  // Off, for a repeat of a write that did land is a second write.
  "grpc.enable_retries": 0,
  // A DNS record could turn retries on again.
  "grpc.service_config_disable_resolution": 1,
  // etcd disconnects who pings more often than every 5 s.
  "grpc.keepalive_time_ms": 10_000,
  "grpc.keepalive_timeout_ms": 4_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1_000,
  "grpc.max_receive_message_length": 128 * 1024 * 1024,
};

/** An answer, or why there is none. */
export type Answer<Value> =
  | { readonly kind: "answer"; readonly value: Value }
  | { readonly kind: "error"; readonly error: ServiceError };

/** How long a call may take, and who may end it sooner. */
export interface CallLimits {
  readonly deadlineMs: number;
  /** A call that is cancelled ends with CANCELLED; it may have been applied. */
  readonly cancellation?: Cancellation;
}

/** etcd's services, as etcd3 names them, with the calls that are seldom enough for its codec. */
type SlowCall = "leaseGrant" | "leaseRevoke" | "compact" | "status";

type SlowMethod = (
  payload: object,
  metadata: Metadata,
  options: { readonly deadline: number },
  callback: (error: ServiceError | null, value: unknown) => void,
) => { cancel(): void };

/** A stream of raw messages. */
export type RawStream = ClientDuplexStream<Buffer, Buffer>;

/**
 * One etcd member: etcd3's host object with its channel and clients, below etcd3's fault handling,
 * which repeats writes.
 */
export class Member {
  readonly endpoint: string;
  readonly #host: Host;
  readonly #tls: ClientTls | undefined;
  readonly #identity: TlsIdentity | undefined;
  readonly #metadata = new Metadata();
  #closed = false;

  /**
   * `endpoint`: `http://host:port`, or `https://` to verify it by `tls`, or without that by the
   * system's authorities.
   */
  constructor(endpoint: string, tls?: TlsIdentity) {
    this.endpoint = endpoint;
    this.#identity = tls;
    const isSecure = endpoint.startsWith("https:");
    if (isSecure && tls !== undefined) this.#tls = new ClientTls(tls, Date.now);
    const plain = isSecure ? credentials.createSsl() : credentials.createInsecure();
    this.#host = new Host(endpoint, this.#tls?.credentials ?? plain, channelOptions);
    // A member that has lost its leader refuses at once, and ends streams, instead of hanging.
    this.#metadata.set("hasleader", "true");
  }

  /** What is wrong with its certificate or ours, for people; undefined where nothing is. */
  get tlsTrouble(): string | undefined {
    return this.#tls?.trouble?.message;
  }

  /** Whether there is a connection at this moment. */
  get connected(): boolean {
    return !this.#closed && this.#channel().getConnectivityState(false) === connectivityState.READY;
  }

  /** Whether there is a connection; waits a second at most for one that is being made. */
  async ready(): Promise<boolean> {
    const deadline = Date.now() + connectTimeoutMs;
    while (!this.#closed) {
      const channel = this.#channel();
      const state = channel.getConnectivityState(true);
      if (state === connectivityState.READY) return true;
      if (state === connectivityState.TRANSIENT_FAILURE || Date.now() >= deadline) return false;
      await new Promise<void>((resolve) => {
        channel.watchConnectivityState(state, deadline, () => resolve());
      });
    }
    return false;
  }

  /** One call with a codec of ours; `path` as in `/etcdserverpb.KV/Txn`. */
  call<Value>(
    path: string,
    request: Buffer,
    decode: (response: Buffer) => Value,
    limits: CallLimits,
  ): Promise<Answer<Value>> {
    if (this.#closed) return Promise.resolve(closedAnswer());
    return new Promise((resolve) => {
      const options = { deadline: Date.now() + limits.deadlineMs };
      const call = this.#host
        .getServiceClient("KV")
        .makeUnaryRequest(path, asIs, decode, request, this.#metadata, options, (error, value) => {
          if (error !== null) resolve({ kind: "error", error });
          else resolve({ kind: "answer", value: value as Value });
        });
      limits.cancellation?.onCancel(() => call.cancel());
    });
  }

  /**
   * A stream of small messages on a connection of its own, with the member's certificate checked.
   */
  messages(path: string, listener: MessageListener): MessageStream {
    return new GrpcMessageStream(this.endpoint, path, listener, this.#identity);
  }

  /** One call with etcd3's codec: 64 bit numbers are strings both ways. */
  slowCall(
    service: "KV" | "Lease" | "Maintenance",
    method: SlowCall,
    payload: object,
    limits: CallLimits,
  ): Promise<Answer<unknown>> {
    if (this.#closed) return Promise.resolve(closedAnswer());
    return new Promise((resolve) => {
      const client = this.#host.getServiceClient(service);
      const call = (client as unknown as Record<SlowCall, SlowMethod>)[method].bind(client);
      // A member without a leader still tells its status.
      const metadata = method === "status" ? new Metadata() : this.#metadata;
      const options = { deadline: Date.now() + limits.deadlineMs };
      const running = call(payload, metadata, options, (error, value) => {
        resolve(error === null ? { kind: "answer", value } : { kind: "error", error });
      });
      limits.cancellation?.onCancel(() => running.cancel());
    });
  }

  /** Opens a stream of messages that the caller encodes. It ends with an `error` event, always. */
  stream(path: string): RawStream {
    const client = this.#host.getServiceClient("KV");
    return client.makeBidiStreamRequest(path, asIs, asIs, this.#metadata);
  }

  close(): void {
    this.#closed = true;
    this.#host.close();
  }

  #channel() {
    return this.#host.getServiceClient("KV").getChannel();
  }
}

function closedAnswer(): { readonly kind: "error"; readonly error: ServiceError } {
  const details = "No connection established: the store was closed";
  const fields = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
  return { kind: "error", error: Object.assign(new Error(details), fields) };
}

function asIs(message: Buffer): Buffer {
  return message;
}
