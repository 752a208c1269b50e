import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import { ConnectRequestReader } from "@holdfast/api/codec/connect-request";
import { ConnectResponseWriter } from "@holdfast/api/codec/connect-response";
import { isFailure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";

/** A batch as the router read it, and the means to answer. */
export interface StubMessage {
  readonly commands: readonly { readonly id: number; readonly command: Command }[];
  readonly clientName: string | undefined;
  /** Sends one message. */
  answer(write: (writer: ConnectResponseWriter) => void): void;
  /** Sends bytes as they are. */
  garble(bytes: Buffer): void;
  /** Breaks the stream. */
  hangUp(): void;
}

/** A gRPC server on loopback whose streams a test answers by hand. */
export class StubRouter {
  readonly #server = new Server();
  readonly #onMessage: (message: StubMessage) => void;
  endpoint = "";

  constructor(onMessage: (message: StubMessage) => void) {
    this.#onMessage = onMessage;
    const bytes = (buffer: Buffer) => buffer;
    const shared = { requestStream: true, responseStream: true } as const;
    this.#server.addService(
      {
        connect: {
          path: "/holdfast.v1.SessionService/Connect",
          ...shared,
          requestSerialize: bytes,
          requestDeserialize: bytes,
          responseSerialize: bytes,
          responseDeserialize: bytes,
        },
      },
      { connect: (stream: ServerDuplexStream<Buffer, Buffer>) => this.#serve(stream) },
    );
  }

  /** Listens on a free port of loopback. */
  start(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
        if (error) reject(error);
        this.endpoint = `127.0.0.1:${port}`;
        resolve(this);
      });
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #serve(stream: ServerDuplexStream<Buffer, Buffer>): void {
    const reader = new ConnectRequestReader("stub");
    stream.on("error", () => {});
    stream.on("data", (bytes: Buffer) => {
      const content = reader.read(bytes);
      if (isFailure(content)) throw new Error(content.message);
      const commands = content.commands.map(({ id, command }) => {
        if (isFailure(command)) throw new Error(command.message);
        return { id, command };
      });
      this.#onMessage({
        commands,
        clientName: content.hello?.clientName,
        answer: (write) => {
          const writer = new ConnectResponseWriter();
          write(writer);
          stream.write(writer.take());
        },
        garble: (garbage) => stream.write(garbage),
        hangUp: () => stream.emit("error", { code: 14, details: "gone" }),
      });
    });
  }
}

/** What a router of region "stub" says first. */
export function stubHello(writer: ConnectResponseWriter): void {
  writer.hello({
    region: "stub",
    routerId: "r1",
    cluster: "test",
    version: "0.0.0",
    messageBytesMax: 1024 * 1024,
    commandsInFlightMax: 20_000,
  });
}
