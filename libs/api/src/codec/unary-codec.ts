import { type Failure, failure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";
import { WireReader } from "../wire/wire-reader.ts";
import { WireWriter } from "../wire/wire-writer.ts";
import { readRequest } from "./command-decode.ts";
import { writeRequest } from "./command-encode.ts";
import { readResponse } from "./outcome-decode.ts";
import { type Decision, writeResponse } from "./outcome-encode.ts";

/** The path of the unary call that stands for each command. */
export const unaryPaths: Readonly<Record<Command["kind"], string>> = {
  acquire: "/holdfast.v1.LockService/Acquire",
  release: "/holdfast.v1.LockService/Release",
  renew: "/holdfast.v1.LockService/Renew",
  cancel: "/holdfast.v1.LockService/Cancel",
  get: "/holdfast.v1.LockService/Get",
  "force-release": "/holdfast.v1.LockService/ForceRelease",
  "open-session": "/holdfast.v1.SessionService/Open",
  heartbeat: "/holdfast.v1.SessionService/KeepAlive",
  "close-session": "/holdfast.v1.SessionService/Close",
};

/** What a request says that is not the message it should be. */
export function malformedRequest(): Failure {
  return failure("INVALID_ARGUMENT", "The request is not protobuf of this call's message.");
}

/** Turns the messages of unary calls into commands and answers, and back. */
export class UnaryCodec {
  readonly #reader = new WireReader();
  readonly #writer = new WireWriter();

  /** On a server: what is asked, every field checked. `region`: what an empty region means. */
  readRequest(kind: Command["kind"], bytes: Uint8Array, region: string): Command | Failure {
    this.#reader.start(bytes);
    const command = readRequest(this.#reader, kind, region);
    return this.#reader.malformed ? malformedRequest() : command;
  }

  /** On a server. */
  writeResponse(kind: Command["kind"], outcome: Decision): Buffer {
    writeResponse(this.#writer, kind, outcome);
    return this.#writer.take();
  }

  /** On a client. */
  writeRequest(command: Command): Buffer {
    writeRequest(this.#writer, command);
    return this.#writer.take();
  }

  /** On a client. Undefined where the bytes are no such response. */
  readResponse(kind: Command["kind"], bytes: Uint8Array): Outcome | undefined {
    this.#reader.start(bytes);
    const outcome = readResponse(this.#reader, kind);
    return this.#reader.malformed ? undefined : outcome;
  }
}
