import { Client, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { failureOf, statusDetailsKey } from "@holdfast/api/failure-status";
import type { Clock } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import { channelOptions } from "./grpc-transport.ts";

/** How long a call that reads something may take. */
const callMsMax = 10_000;

/** Unary and watching calls to any number of routers; a channel to each is opened when needed. */
export class GrpcCalls {
  readonly #clock: Clock;
  readonly #channels = new Map<string, Client>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
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
    return new Promise((resolve) => {
      this.#channel(endpoint).makeUnaryRequest(
        path,
        (message: Request) => Buffer.from(write(message)),
        (bytes: Buffer) => read(bytes),
        request,
        new Metadata(),
        { deadline },
        (error, response) => {
          if (error) resolve(readFailure(error, endpoint));
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
    const stream = this.#channel(endpoint).makeServerStreamRequest(
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
    stream.on("error", (error: ServiceError) => end(readFailure(error, endpoint)));
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
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }

  #channel(endpoint: string): Client {
    let channel = this.#channels.get(endpoint);
    if (channel === undefined) {
      channel = new Client(endpoint, credentials.createInsecure(), channelOptions);
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
function readFailure(error: ServiceError, endpoint: string): Failure {
  const [detailsBin] = error.metadata.get(statusDetailsKey);
  const found = failureOf({
    code: error.code,
    message: error.details,
    detailsBin: typeof detailsBin === "string" ? undefined : detailsBin,
  });
  if (found.code !== "UNKNOWN_OUTCOME") return found;
  return failure("SHARD_UNAVAILABLE", `${endpoint}: ${found.message}`);
}
