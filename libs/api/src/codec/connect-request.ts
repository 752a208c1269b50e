import { type Failure, failure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import { endOfMessage, WireReader } from "../wire/wire-reader.ts";
import { WireWriter } from "../wire/wire-writer.ts";
import { readRequest } from "./command-decode.ts";
import { commandFields, commandKindOf, writeRequest } from "./command-encode.ts";
import { refuse } from "./field-rules.ts";

/**
 * How large a message of a stream grows before the next one is begun, in bytes. The largest single
 * command or result fits above it within the limit of 1 MiB, and nothing is won by more.
 */
export const messageBytesTarget = 96 * 1024;

/** Who connects. */
export interface ClientHello {
  /** 1 to 64 visible ASCII characters. */
  readonly clientName: string;
  /** At most 64 visible ASCII characters. */
  readonly clientVersion: string;
}

/** What a message of a client says. */
export interface ConnectRequestContent {
  readonly kind: "batch";
  readonly hello?: ClientHello;
  /** A failure stands for a command that broke a rule, and is its answer. */
  readonly commands: readonly { readonly id: number; readonly command: Command | Failure }[];
  /** Ids of commands whose askers are gone, of this message or of one before it. */
  readonly gone: readonly number[];
}

/** Collects what a client wants to say until it is sent. One for each stream. */
export class ConnectRequestWriter {
  readonly #writer = new WireWriter();

  /** Bytes of the message so far; send it when {@link messageBytesTarget} is reached. */
  get length(): number {
    return this.#writer.length;
  }

  /** In the first message of a stream and in no other. */
  hello(hello: ClientHello): void {
    const mark = this.#writer.begin(1, "small");
    this.#writer.text(1, hello.clientName);
    this.#writer.text(2, hello.clientVersion);
    this.#writer.end(mark, "small");
  }

  /** `id`: 0 to 2^32 - 1, not that of another command without an answer. */
  command(id: number, command: Command): void {
    const writer = this.#writer;
    const outer = writer.begin(2, "large");
    writer.number(1, id);
    const inner = writer.begin(commandFields[command.kind], "large");
    writeRequest(writer, command);
    writer.end(inner, "large");
    writer.end(outer, "large");
  }

  /** Whoever `id` was asked for is gone. */
  gone(id: number): void {
    this.#writer.number(3, id);
  }

  /** The message; the writer begins the next one. */
  take(): Buffer {
    return this.#writer.take();
  }
}

const helloPattern = /^[\x21-\x7e]{0,64}$/;

/** Reads what clients say. One serves any number of streams. */
export class ConnectRequestReader {
  readonly #reader = new WireReader();
  readonly #region: string;

  /** `region`: what an empty region in a request means. */
  constructor(region: string) {
    this.#region = region;
  }

  /** A failure means that the bytes are no such message; nothing in it is to be carried out. */
  read(bytes: Uint8Array): ConnectRequestContent | Failure {
    const reader = this.#reader;
    reader.start(bytes);
    const commands: { id: number; command: Command | Failure }[] = [];
    const gone: number[] = [];
    let hello: ClientHello | undefined;
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      if (tag === 0x12) commands.push(this.#readCommand());
      else if (tag === 0x0a) hello = this.#readHello();
      else if (tag === 0x18) gone.push(reader.varint());
      else if (tag === 0x1a) this.#readPacked(gone);
      else reader.skip(tag);
    }
    if (reader.malformed) {
      return failure("INVALID_ARGUMENT", "The message is not a holdfast.v1.ConnectRequest.");
    }
    if (hello === undefined) return { kind: "batch", commands, gone };
    if (hello.clientName === "" || !helloPattern.test(hello.clientName)) {
      return refuse("hello.client_name", "client_name is 1 to 64 visible ASCII characters.");
    }
    if (!helloPattern.test(hello.clientVersion)) {
      return refuse("hello.client_version", "client_version is at most 64 visible characters.");
    }
    return { kind: "batch", hello, commands, gone };
  }

  #readCommand(): { id: number; command: Command | Failure } {
    const reader = this.#reader;
    let id = 0;
    let command: Command | Failure | undefined;
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      const kind = commandKindOf(tag);
      if (kind !== undefined) {
        const whole = reader.enter();
        command = readRequest(reader, kind, this.#region);
        reader.leave(whole);
      } else if (tag === 0x08) id = reader.varint();
      else reader.skip(tag);
    }
    reader.leave(outer);
    return {
      id,
      command:
        command ??
        failure(
          "UNIMPLEMENTED",
          "The command is none that this server knows (holdfast.v1.Command).",
        ),
    };
  }

  /** How other writers lay numbers out that come in a row. */
  #readPacked(numbers: number[]): void {
    const reader = this.#reader;
    const outer = reader.enter();
    while (reader.isInside) numbers.push(reader.varint());
    reader.leave(outer);
  }

  #readHello(): ClientHello {
    const reader = this.#reader;
    let clientName = "";
    let clientVersion = "";
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      if (tag === 0x0a) clientName = reader.text("hello.client_name");
      else if (tag === 0x12) clientVersion = reader.text("hello.client_version");
      else reader.skip(tag);
    }
    reader.leave(outer);
    return { clientName, clientVersion };
  }
}
