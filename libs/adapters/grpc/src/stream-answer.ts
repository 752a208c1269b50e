import { Metadata, type ServerWritableStream } from "@grpc/grpc-js";
import { Cancellation } from "@holdfast/base/cancellation";
import { type Failure, failure } from "@holdfast/base/failure";
import { cancellationOf } from "./call-context.ts";
import { statusError } from "./status-error.ts";
import { asBuffer } from "./unary-handler.ts";

/** A call that is answered by messages one after the other. */
export type StreamCall = ServerWritableStream<Buffer, Buffer>;

/** Sends a message; resolves when the client has room for the next one, or is gone. */
export type Send = (message: Uint8Array) => Promise<void>;

/**
 * Answers with what `produce` sends, no faster than the client reads: nothing is kept for it here.
 * A failure becomes the call's status, and so does the end of the server.
 */
export async function answerStream(
  call: StreamCall,
  draining: Cancellation,
  produce: (send: Send, cancellation: Cancellation) => Promise<Failure | undefined>,
): Promise<void> {
  // The headers say that the request was accepted, before anything is there to be told.
  call.sendMetadata(new Metadata());
  const gone = cancellationOf(call);
  const cancellation = new Cancellation();
  const forget = [gone, draining].map((each) => each.onCancel(() => cancellation.cancel()));
  const send: Send = (message) => {
    if (cancellation.cancelled) return Promise.resolve();
    const hasRoom = call.write(asBuffer(message));
    return hasRoom ? Promise.resolve() : room(call, cancellation);
  };
  const found = await produce(send, cancellation);
  for (const each of forget) each();
  if (gone.cancelled) return;
  const ending = draining.cancelled
    ? failure("SHARD_UNAVAILABLE", "The server stops: ask another one, or once more later.")
    : found;
  if (ending === undefined) call.end();
  else call.emit("error", statusError(ending));
}

function room(call: StreamCall, cancellation: Cancellation): Promise<void> {
  return new Promise((resolve) => {
    let forget = (): void => {};
    const done = (): void => {
      call.off("drain", done);
      forget();
      resolve();
    };
    call.once("drain", done);
    forget = cancellation.onCancel(done);
  });
}
