import { Metadata, type Server, type ServerWritableStream } from "@grpc/grpc-js";
import { readWatchRequest, writeWatchResponse } from "@holdfast/api/codec/query-codec";
import { LockServiceService } from "@holdfast/api/generated/holdfast/v1/lock_service";
import { type Failure, failure } from "@holdfast/base/failure";
import { callOf, cancellationOf } from "./call-context.ts";
import type { LockCalls } from "./lock-calls.ts";
import { statusError } from "./status-error.ts";
import { asBuffer, passThrough, tooLarge } from "./unary-handler.ts";
import { WatchOutbox } from "./watch-outbox.ts";

/** Registers LockService.Watch. */
export function serveWatch(server: Server, calls: LockCalls): void {
  server.register(
    LockServiceService.watch.path,
    (call: ServerWritableStream<Buffer, Buffer>) => void watch(call, calls),
    passThrough,
    passThrough,
    "serverStream",
  );
}

async function watch(call: ServerWritableStream<Buffer, Buffer>, calls: LockCalls): Promise<void> {
  const query = tooLarge(call.request) ?? readWatchRequest(call.request, calls.region);
  if ("kind" in query) {
    call.emit("error", statusError(query));
    return;
  }
  // The headers say that the request was accepted, before anything happens.
  call.sendMetadata(new Metadata());
  const outbox = new WatchOutbox(query.region, (events, done) =>
    call.write(asBuffer(writeWatchResponse(events)), done),
  );
  const cancellation = cancellationOf(call);
  const stayed = calls.draining.onCancel(() => cancellation.cancel());
  const surroundings = callOf(call, calls.clock, cancellation);
  const found = await calls.tier.watch(query, (event) => outbox.add(event), surroundings);
  stayed();
  outbox.close();
  const ending: Failure | undefined = calls.draining.cancelled
    ? failure("SHARD_UNAVAILABLE", "The router stops: watch through another one.")
    : found;
  if (ending === undefined) call.end();
  else call.emit("error", statusError(ending));
}
