import { type Failure, isFailure } from "@holdfast/base/failure";
import type { AcquireCommand, Command, ReleaseCommand } from "@holdfast/core/command/command";
import type { AcquireOutcome, ReleaseOutcome } from "@holdfast/core/command/outcome";
import { limits } from "@holdfast/core/limits";
import { lockKey } from "@holdfast/core/lock/lock-id";
import { endOfMessage, WireReader } from "../wire/wire-reader.ts";
import { WireWriter } from "../wire/wire-writer.ts";
import { readRequest } from "./command-decode.ts";
import { writeRequest } from "./command-encode.ts";
import { refuse, within } from "./field-rules.ts";
import { readAcquireResponse, readFailure } from "./outcome-decode.ts";
import { writeFailure, writeResponse } from "./outcome-encode.ts";
import { malformedRequest } from "./unary-codec.ts";

/** Several locks of one region, each named once. */
export interface AcquireMany {
  readonly acquires: readonly AcquireCommand[];
  readonly allOrNothing: boolean;
}

/** Reads an `AcquireManyRequest`; one bad part refuses the whole. */
export function readAcquireMany(bytes: Uint8Array, region: string): AcquireMany | Failure {
  const request = readParts(bytes, region, "acquire", "acquires");
  if ("kind" in request) return request;
  const acquires = request.parts as AcquireCommand[];
  const seen = new Set<string>();
  for (const [index, { lock }] of acquires.entries()) {
    const key = lockKey(lock);
    const path = `acquires[${index}].lock`;
    if (seen.has(key)) return refuse(path, "Each lock may be asked for only once in one request.");
    if (lock.region !== acquires[0]?.lock.region) {
      return refuse(`${path}.region`, "The locks of one request lie in one region.");
    }
    seen.add(key);
  }
  return { acquires, allOrNothing: request.flag };
}

/** Reads a `ReleaseManyRequest`; one bad part refuses the whole. */
export function readReleaseMany(bytes: Uint8Array, region: string): ReleaseCommand[] | Failure {
  const request = readParts(bytes, region, "release", "releases");
  return "kind" in request ? request : (request.parts as ReleaseCommand[]);
}

/** Writes an `AcquireManyRequest`. */
export function writeAcquireMany(request: AcquireMany): Buffer {
  const writer = new WireWriter();
  for (const acquire of request.acquires) writePart(writer, acquire);
  if (request.allOrNothing) writer.number(2, 1);
  return writer.take();
}

/** Past this a response names no more holders: a hundred refusals could be 4.5 MiB of them. */
const holdersNamedBytesMax = 512 * 1024;

/** Writes an `AcquireManyResponse` or a `ReleaseManyResponse`. */
export function writeManyResults(
  kind: "acquire" | "release",
  outcomes: readonly (AcquireOutcome | ReleaseOutcome)[],
): Buffer {
  const writer = new WireWriter();
  for (const outcome of outcomes) {
    const outer = writer.begin(1, "large");
    const inner = writer.begin(isFailure(outcome) ? 2 : 1, "large");
    if (isFailure(outcome)) writeFailure(writer, outcome);
    else if ("holders" in outcome && writer.length > holdersNamedBytesMax) {
      writeResponse(writer, kind, { ...outcome, holders: [] });
    } else writeResponse(writer, kind, outcome);
    writer.end(inner, "large");
    writer.end(outer, "large");
  }
  return writer.take();
}

/** Reads an `AcquireManyResponse`; undefined where the bytes are none. */
export function readAcquireManyResults(bytes: Uint8Array): AcquireOutcome[] | undefined {
  const reader = new WireReader();
  reader.start(bytes);
  const outcomes: AcquireOutcome[] = [];
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) {
      const outcome = readAcquireResult(reader);
      if (outcome === undefined) return undefined;
      outcomes.push(outcome);
    } else reader.skip(tag);
  }
  return reader.malformed ? undefined : outcomes;
}

function readAcquireResult(reader: WireReader): AcquireOutcome | undefined {
  let outcome: AcquireOutcome | undefined;
  const outer = reader.enter();
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) {
      const whole = reader.enter();
      outcome = readAcquireResponse(reader);
      reader.leave(whole);
    } else if (tag === 0x12) {
      const whole = reader.enter();
      outcome = readFailure(reader);
      reader.leave(whole);
    } else reader.skip(tag);
  }
  reader.leave(outer);
  return outcome;
}

function writePart(writer: WireWriter, command: Command): void {
  const mark = writer.begin(1, "large");
  writeRequest(writer, command);
  writer.end(mark, "large");
}

/** Both requests hold their parts in field 1 and, if at all, a flag in field 2. */
function readParts(
  bytes: Uint8Array,
  region: string,
  kind: "acquire" | "release",
  name: string,
): { readonly parts: Command[]; readonly flag: boolean } | Failure {
  const reader = new WireReader();
  reader.start(bytes);
  const parts: Command[] = [];
  let found: Failure | undefined;
  let count = 0;
  let flag = false;
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag === 0x0a) {
      const outer = reader.enter();
      const part = readRequest(reader, kind, region);
      reader.leave(outer);
      if (isFailure(part)) found ??= within(`${name}[${count}]`, part);
      else parts.push(part);
      count++;
    } else if (tag === 0x10) flag = reader.varint() !== 0;
    else reader.skip(tag);
  }
  if (reader.malformed) return malformedRequest();
  if (count < 1 || count > limits.locksPerRequestMax) {
    return refuse(name, `${name} are 1 to ${limits.locksPerRequestMax}; these are ${count}.`);
  }
  return found ?? { parts, flag };
}
