import { type Failure, isFailure } from "@holdfast/base/failure";
import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { Command, SessionLease } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";
import type { LockId } from "@holdfast/core/lock/lock-id";
import { endOfMessage, WireReader } from "../wire/wire-reader.ts";
import { WireWriter } from "../wire/wire-writer.ts";
import { commandFields, commandKindOf } from "./command-encode.ts";
import { readFailure, readResponse } from "./outcome-decode.ts";
import { writeFailure, writeResponse } from "./outcome-encode.ts";
import { readLease, readLock } from "./shared-decode.ts";
import { writeLease, writeLock } from "./shared-encode.ts";

/** Who answers, and what the stream may carry. */
export interface ServerHello {
  readonly region: string;
  /** Unique among the routers that run. */
  readonly routerId: string;
  /** The name of the whole installation. */
  readonly cluster: string;
  readonly version: string;
  readonly messageBytesMax: number;
  readonly commandsInFlightMax: number;
}

/**
 * What a server says unasked. Hints, whose absence means nothing, but for `place-leases`: what
 * hangs on a lease that nobody keeps alive is lost.
 */
export type ServerEvent =
  /** `id`: of the acquire that waits; `position` 1 is the head. */
  | { readonly kind: "queue-position"; readonly id: number; readonly position: number }
  | { readonly kind: "grant-lost"; readonly lock: LockId; readonly grantId: GrantId }
  | { readonly kind: "session-lost"; readonly session: SessionId }
  | {
      readonly kind: "go-away";
      readonly reason: string;
      readonly drainMs: number;
      /** The stream is old, and the server goes on. */
      readonly reconnect: boolean;
    }
  /** `id`: of the acquire that waits; `leases`: all that its place hangs on. */
  | {
      readonly kind: "place-leases";
      readonly id: number;
      readonly leases: readonly SessionLease[];
    };

/** What a message of a server says. */
export interface ConnectResponseContent {
  readonly hello?: ServerHello;
  readonly results: readonly { readonly id: number; readonly outcome: Outcome }[];
  readonly events: readonly ServerEvent[];
}

const failureField = 11;

/** Collects what a server wants to say until it is sent. One for each stream. */
export class ConnectResponseWriter {
  readonly #writer = new WireWriter(512);

  /** Bytes of the message so far; send it when `messageBytesTarget` is reached. */
  get length(): number {
    return this.#writer.length;
  }

  /** In the first message of a stream and in no other. */
  hello(hello: ServerHello): void {
    const writer = this.#writer;
    const mark = writer.begin(1, "large");
    writer.text(1, hello.region);
    writer.text(2, hello.routerId);
    writer.text(3, hello.cluster);
    writer.text(4, hello.version);
    const limits = writer.begin(5, "small");
    writer.number(1, hello.messageBytesMax);
    writer.number(2, hello.commandsInFlightMax);
    writer.end(limits, "small");
    writer.end(mark, "large");
  }

  /** `kind`: of the command that is answered. */
  result(id: number, kind: Command["kind"], outcome: Outcome): void {
    const writer = this.#writer;
    const outer = writer.begin(2, "large");
    writer.number(1, id);
    if (isFailure(outcome)) {
      const inner = writer.begin(failureField, "large");
      writeFailure(writer, outcome);
      writer.end(inner, "large");
    } else {
      const inner = writer.begin(commandFields[kind], "large");
      writeResponse(writer, kind, outcome);
      writer.end(inner, "large");
    }
    writer.end(outer, "large");
  }

  /** Answers what is no command, or one that broke a rule. */
  refusal(id: number, refused: Failure): void {
    this.result(id, "get", refused);
  }

  event(event: ServerEvent): void {
    const outer = this.#writer.begin(3, "small");
    writeEvent(this.#writer, event);
    this.#writer.end(outer, "small");
  }

  /** The message; the writer begins the next one. */
  take(): Buffer {
    return this.#writer.take();
  }
}

const eventFields = {
  "queue-position": 1,
  "grant-lost": 2,
  "session-lost": 3,
  "go-away": 4,
  "place-leases": 5,
} as const satisfies Record<ServerEvent["kind"], number>;

function writeEvent(writer: WireWriter, event: ServerEvent): void {
  const mark = writer.begin(eventFields[event.kind], "small");
  switch (event.kind) {
    case "queue-position":
      writer.number(1, event.id);
      writer.number(2, event.position);
      break;
    case "grant-lost":
      writeLock(writer, 1, event.lock);
      writer.text(2, event.grantId);
      break;
    case "session-lost":
      writer.text(1, event.session);
      break;
    case "go-away":
      writer.text(1, event.reason);
      writer.number(2, event.drainMs);
      writer.number(3, event.reconnect ? 1 : 0);
      break;
    case "place-leases":
      writer.number(1, event.id);
      for (const lease of event.leases) writeLease(writer, 2, lease);
      break;
  }
  writer.end(mark, "small");
}

/** Reads what servers say. One serves any number of streams. */
export class ConnectResponseReader {
  readonly #reader = new WireReader();

  /**
   * Undefined where the bytes are no such message, or lack what a client cannot go on without: the
   * other end is no Holdfast router, and the stream is to be closed.
   */
  read(bytes: Uint8Array): ConnectResponseContent | undefined {
    const reader = this.#reader;
    reader.start(bytes);
    const results: { id: number; outcome: Outcome }[] = [];
    const events: ServerEvent[] = [];
    let hello: ServerHello | undefined;
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      if (tag === 0x12) {
        const result = this.#readResult();
        if (result === undefined) return undefined;
        results.push(result);
      } else if (tag === 0x1a) {
        const event = this.#readEvent();
        if (event !== undefined) events.push(event);
      } else if (tag === 0x0a) hello = this.#readHello();
      else reader.skip(tag);
    }
    if (reader.malformed || reader.badText !== undefined) return undefined;
    return { ...(hello !== undefined && { hello }), results, events };
  }

  #readResult(): { id: number; outcome: Outcome } | undefined {
    const reader = this.#reader;
    let id = 0;
    let outcome: Outcome | undefined;
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      const kind = commandKindOf(tag);
      if (kind !== undefined) {
        const whole = reader.enter();
        outcome = readResponse(reader, kind);
        reader.leave(whole);
      } else if (tag === failureField * 8 + 2) {
        const whole = reader.enter();
        outcome = readFailure(reader);
        reader.leave(whole);
      } else if (tag === 0x08) id = reader.varint();
      else reader.skip(tag);
    }
    reader.leave(outer);
    return outcome && { id, outcome };
  }

  /** Undefined for an event that this client does not know. */
  #readEvent(): ServerEvent | undefined {
    const reader = this.#reader;
    let event: ServerEvent | undefined;
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      const inner = tag <= 0x2a && tag % 8 === 2 ? reader.enter() : undefined;
      if (inner === undefined) {
        reader.skip(tag);
        continue;
      }
      if (tag === 0x0a) event = readQueuePosition(reader);
      else if (tag === 0x12) event = readGrantLost(reader);
      else if (tag === 0x1a) event = readSessionLost(reader);
      else if (tag === 0x22) event = readGoAway(reader);
      else event = readPlaceLeases(reader);
      reader.leave(inner);
    }
    reader.leave(outer);
    return event;
  }

  #readHello(): ServerHello {
    const reader = this.#reader;
    const hello = {
      region: "",
      routerId: "",
      cluster: "",
      version: "",
      messageBytesMax: 0,
      commandsInFlightMax: 0,
    };
    const outer = reader.enter();
    for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
      if (tag === 0x0a) hello.region = reader.text("region");
      else if (tag === 0x12) hello.routerId = reader.text("router_id");
      else if (tag === 0x1a) hello.cluster = reader.text("cluster");
      else if (tag === 0x22) hello.version = reader.text("version");
      else if (tag === 0x2a) {
        const limits = reader.enter();
        for (let inner = reader.tag(); inner !== endOfMessage; inner = reader.tag()) {
          if (inner === 0x08) hello.messageBytesMax = reader.varint();
          else if (inner === 0x10) hello.commandsInFlightMax = reader.varint();
          else reader.skip(inner);
        }
        reader.leave(limits);
      } else reader.skip(tag);
    }
    reader.leave(outer);
    return hello;
  }
}

function readQueuePosition(reader: WireReader): ServerEvent {
  let id = 0;
  let position = 0;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x08) id = reader.varint();
    else if (tag === 0x10) position = reader.varint();
    else reader.skip(tag);
  }
  return { kind: "queue-position", id, position };
}

function readGrantLost(reader: WireReader): ServerEvent {
  let lock: LockId = { region: "", namespace: "", name: "" };
  let grantId = "";
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) lock = readLock(reader, "");
    else if (tag === 0x12) grantId = reader.text("grant_id");
    else reader.skip(tag);
  }
  return { kind: "grant-lost", lock, grantId: grantId as GrantId };
}

function readSessionLost(reader: WireReader): ServerEvent {
  let session = "";
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) session = reader.text("session_id");
    else reader.skip(tag);
  }
  return { kind: "session-lost", session: session as SessionId };
}

function readPlaceLeases(reader: WireReader): ServerEvent {
  let id = 0;
  const leases: SessionLease[] = [];
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x08) id = reader.varint();
    else if (tag === 0x12) leases.push(readLease(reader));
    else reader.skip(tag);
  }
  return { kind: "place-leases", id, leases };
}

function readGoAway(reader: WireReader): ServerEvent {
  let reason = "";
  let drainMs = 0;
  let reconnect = false;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) reason = reader.text("reason");
    else if (tag === 0x10) drainMs = reader.varint();
    else if (tag === 0x18) reconnect = reader.varint() !== 0;
    else reader.skip(tag);
  }
  return { kind: "go-away", reason, drainMs, reconnect };
}
