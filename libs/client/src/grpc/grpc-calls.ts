import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { ClientTls } from "@holdfast/api/client-tls";
import { failureOf, statusDetailsKey } from "@holdfast/api/failure-status";
import type { Clock } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { channelOptions, tlsFailure } from "./grpc-transport.ts";

/** How long a call that reads something may take. */
const callMsMax = 10_000;

/** The way to one endpoint. */
interface Channel {
  readonly client: Client;
  readonly tls: ClientTls | undefined;
}

/** Unary and watching calls to any number of routers; a channel to each is opened when needed. */
export class GrpcCalls {
  readonly #clock: Clock;
  readonly #identity: TlsIdentity | undefined;
  readonly #channels = new Map<string, Channel>();
  #closed = false;

  /** Without an identity it is plain text. */
  constructor(clock: Clock, identity?: TlsIdentity) {
    this.#clock = clock;
    this.#identity = identity;
  }

  /**
   * One question, one answer. A failure may be asked again anywhere: these calls change nothing.
   */
  ask<Request, Response>(
    endpoint: string,
    path: string,
    request: Request,
    write: (request: Request) => Uint8Array,
    read: (bytes: Buffer) => Response | undefined,
  ): Promise<Response | Failure> {
    if (this.#closed) return Promise.resolve(closedFailure);
    const deadline = this.#clock.wallMs() + callMsMax;
    const { client, tls } = this.#channel(endpoint);
    return new Promise((resolve) => {
      client.makeUnaryRequest(
        path,
        (message: Request) => Buffer.from(write(message)),
        (bytes: Buffer) => read(bytes),
        request,
        new Metadata(),
        { deadline },
        (error, response) => {
          if (error) resolve(readFailure(error, endpoint, tls));
          else resolve(response ?? notARouter(endpoint));
        },
      );
    });
  }

  /**
   * One question, answers until it is cancelled or ends; `onEnd` is called once, unless cancelled.
   * What is asked for faster than it is used is to be paused: nothing else bounds what comes.
   */
  follow<Request, Response>(
    endpoint: string,
    path: string,
    request: Request,
    write: (request: Request) => Uint8Array,
    read: (bytes: Buffer) => Response | undefined,
    listener: { onAnswer(response: Response): void; onEnd(failure: Failure): void },
  ): { cancel(): void; pause(): void; resume(): void } {
    if (this.#closed) {
      queueMicrotask(() => listener.onEnd(closedFailure));
      return { cancel: () => {}, pause: () => {}, resume: () => {} };
    }
    let over = false;
    const { client, tls } = this.#channel(endpoint);
    const stream = client.makeServerStreamRequest(
      path,
      (message: Request) => Buffer.from(write(message)),
      (bytes: Buffer) => bytes,
      request,
    );
    const end = (found: Failure) => {
      if (over) return;
      over = true;
      stream.cancel();
      listener.onEnd(found);
    };
    stream.on("data", (bytes: Buffer) => {
      const response = over ? undefined : read(bytes);
      if (response !== undefined) listener.onAnswer(response);
      else end(notARouter(endpoint));
    });
    stream.on("error", (error: ServiceError) => end(readFailure(error, endpoint, tls)));
    stream.on("end", () => end(failure("SHARD_UNAVAILABLE", `${endpoint} ended the stream.`)));
    return {
      cancel: () => {
        over = true;
        stream.cancel();
      },
      pause: () => void stream.pause(),
      resume: () => void stream.resume(),
    };
  }

  /** Ends everything under way. */
  close(): void {
    this.#closed = true;
    for (const { client } of this.#channels.values()) client.close();
    this.#channels.clear();
  }

  #channel(endpoint: string): Channel {
    let channel = this.#channels.get(endpoint);
    if (channel === undefined) {
      const tls = this.#identity && new ClientTls(this.#identity, () => this.#clock.wallMs());
      const secured = tls?.credentials ?? credentials.createInsecure();
      channel = { client: new Client(endpoint, secured, channelOptions), tls };
      this.#channels.set(endpoint, channel);
    }
    return channel;
  }
}

const closedFailure = failure("INVALID_ARGUMENT", "The client is closed; connect a new one.");

function notARouter(endpoint: string): Failure {
  return failure("UNIMPLEMENTED", `What answers at ${endpoint} is no Holdfast router.`);
}

/** A reading call may always be asked again, so a status of the transport's own is no unknown. */
function readFailure(error: ServiceError, endpoint: string, tls: ClientTls | undefined): Failure {
  if (tls?.trouble !== undefined) return tlsFailure(endpoint, tls.trouble);
  const [detailsBin] = error.metadata.get(statusDetailsKey);
  const found = failureOf({
    code: error.code,
    message: error.details,
    detailsBin: typeof detailsBin === "string" ? undefined : detailsBin,
  });
  if (found.code !== "UNKNOWN_OUTCOME") return found;
  return failure("SHARD_UNAVAILABLE", `${endpoint}: ${found.message}`);
}
