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
import { readFailure, readResponse } from "./outcome-decode.ts";
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

/** Writes a `ReleaseManyRequest`. */
export function writeReleaseMany(releases: readonly ReleaseCommand[]): Buffer {
  const writer = new WireWriter();
  for (const release of releases) writePart(writer, release);
  return writer.take();
}

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
    else writeResponse(writer, kind, outcome);
    writer.end(inner, "large");
    writer.end(outer, "large");
  }
  return writer.take();
}

/** Reads an `AcquireManyResponse`; undefined where the bytes are none. */
export function readAcquireManyResults(bytes: Uint8Array): AcquireOutcome[] | undefined {
  return readResults(bytes, "acquire") as AcquireOutcome[] | undefined;
}

/** Reads a `ReleaseManyResponse`; undefined where the bytes are none. */
export function readReleaseManyResults(bytes: Uint8Array): ReleaseOutcome[] | undefined {
  return readResults(bytes, "release") as ReleaseOutcome[] | undefined;
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

function readResults(bytes: Uint8Array, kind: "acquire" | "release"): unknown[] | undefined {
  const reader = new WireReader();
  reader.start(bytes);
  const outcomes: unknown[] = [];
  for (let tag = reader.tag(); tag !== endOfMessage; tag = reader.tag()) {
    if (tag !== 0x0a) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    for (let inner = reader.tag(); inner !== endOfMessage; inner = reader.tag()) {
      const whole = inner === 0x0a || inner === 0x12 ? reader.enter() : undefined;
      if (whole === undefined) {
        reader.skip(inner);
        continue;
      }
      const outcome = inner === 0x0a ? readResponse(reader, kind) : readFailure(reader);
      reader.leave(whole);
      if (outcome !== undefined) outcomes.push(outcome);
    }
    reader.leave(outer);
  }
  return reader.malformed ? undefined : outcomes;
}
