import type { handleUnaryCall } from "@grpc/grpc-js";
import type { Clock } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import { limits } from "@holdfast/core/limits";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import { callOf, cancellationOf, hopsOf } from "./call-context.ts";
import { statusError } from "./status-error.ts";

/** What a hundred requests grow by when their scopes and modes are said, with room to spare. */
const saidOutrightBytesMax = 4 * 1024;

/** What answers one unary call: bytes to bytes, or the failure that becomes its status. */
export type Answer = (
  request: Buffer,
  call: Call,
) => Uint8Array | Failure | Promise<Uint8Array | Failure>;

/** Messages pass through gRPC as they are: the codecs read and write them. */
export function passThrough(bytes: Buffer): Buffer {
  return bytes;
}

/** Makes a gRPC handler of an answer. */
export function unaryHandler(clock: Clock, answer: Answer): handleUnaryCall<Buffer, Buffer> {
  return async (call, respond) => {
    const found = tooLarge(call.request, hopsOf(call.metadata));
    const reply = found ?? (await answer(call.request, callOf(call, clock, cancellationOf(call))));
    if (reply instanceof Uint8Array) respond(null, asBuffer(reply));
    else respond(statusError(reply));
  };
}

/**
 * The bound on a request of a single call; gRPC's own bound is that of a stream's batch. A router
 * that forwards a request says outright what its client left out, so it may send a little more.
 */
export function tooLarge(request: Buffer, hops = 0): Failure | undefined {
  const roomBytes = hops === 0 ? 0 : saidOutrightBytesMax;
  if (request.length <= limits.unaryMessageBytesMax + roomBytes) return undefined;
  return failure(
    "INVALID_ARGUMENT",
    `A request is at most ${limits.unaryMessageBytesMax} bytes; this one has ${request.length}.`,
  );
}

/** The same bytes as the kind of array that gRPC sends. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
