import {
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";
import { ConnectRequestWriter, messageBytesTarget } from "@holdfast/api/codec/connect-request";
import {
  type ConnectResponseContent,
  ConnectResponseReader,
} from "@holdfast/api/codec/connect-response";
import type { Command } from "@holdfast/core/command/command";
import { passThrough } from "../unary-handler.ts";

const connectPath = "/holdfast.v1.SessionService/Connect";

/** What a call came to. */
export type RawReply = { readonly bytes: Buffer } | { readonly status: StatusObject };

/** A client that sends any bytes to any path. */
export class RawClient {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      "grpc.max_send_message_length": -1,
      // Every client gets its own connection.
      "grpc.use_local_subchannel_pool": 1,
    });
  }

  call(
    path: string,
    request: Uint8Array,
    options: { readonly deadlineMs?: number; readonly metadata?: Record<string, string> } = {},
  ): Promise<RawReply> {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);
    const deadline =
      options.deadlineMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + options.deadlineMs;
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        passThrough,
        passThrough,
        Buffer.from(request),
        metadata,
        { deadline },
        (error: ServiceError | null, bytes?: Buffer) =>
          resolve(bytes === undefined ? { status: error as StatusObject } : { bytes }),
      );
    });
  }

  /** A call whose answer is a stream; `onMessage` gets every message. Resolves with its status. */
  follow(
    path: string,
    request: Uint8Array,
    onMessage: (bytes: Buffer) => void,
  ): { readonly ended: Promise<StatusObject>; cancel(): void } {
    const stream = this.#client.makeServerStreamRequest(
      path,
      passThrough,
      passThrough,
      Buffer.from(request),
    );
    stream.on("data", onMessage);
    return { ended: statusOf(stream), cancel: () => stream.cancel() };
  }

  connect(): RawStream {
    const stream = this.#client.makeBidiStreamRequest(connectPath, passThrough, passThrough);
    return new RawStream(stream);
  }

  close(): void {
    this.#client.close();
  }
}

/** A stream of SessionService.Connect, spoken as badly as the test wants. */
export class RawStream {
  readonly ended: Promise<StatusObject>;
  /** What came, message by message. */
  readonly received: ConnectResponseContent[] = [];
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #reader = new ConnectResponseReader();
  #onReceived: (() => void) | undefined;

  constructor(stream: ClientDuplexStream<Buffer, Buffer>) {
    this.#stream = stream;
    stream.on("data", (bytes: Buffer) => {
      const content = this.#reader.read(bytes);
      if (content !== undefined) this.received.push(content);
      this.#onReceived?.();
    });
    this.ended = statusOf(stream);
  }

  send(bytes: Uint8Array): void {
    this.#stream.write(Buffer.from(bytes));
  }

  hello(): void {
    const writer = new ConnectRequestWriter();
    writer.hello({ clientName: "test", clientVersion: "0" });
    this.send(writer.take());
  }

  /** Numbers the commands from `firstId` on and sends them in as few messages as fit. */
  ask(commands: readonly Command[], firstId = 1): void {
    const writer = new ConnectRequestWriter();
    for (const [index, command] of commands.entries()) {
      writer.command(firstId + index, command);
      if (writer.length >= messageBytesTarget) this.send(writer.take());
    }
    if (writer.length > 0) this.send(writer.take());
  }

  /** Resolves when what came is enough. */
  async until(enough: (received: readonly ConnectResponseContent[]) => boolean): Promise<void> {
    while (!enough(this.received)) {
      await new Promise<void>((resolve) => {
        this.#onReceived = resolve;
      });
    }
  }

  /** Reads no more, so that what comes piles up. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  halfClose(): void {
    this.#stream.end();
  }

  cancel(): void {
    this.#stream.cancel();
  }
}

/** What a call ends with; it comes after the error, which says the same. */
function statusOf(stream: ClientReadableStream<Buffer> | ClientDuplexStream<Buffer, Buffer>) {
  stream.on("error", () => {});
  return new Promise<StatusObject>((resolve) => {
    stream.on("status", resolve);
  });
}
