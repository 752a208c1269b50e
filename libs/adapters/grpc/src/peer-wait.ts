import type { ClientDuplexStream, StatusObject } from "@grpc/grpc-js";
import { ConnectRequestWriter } from "@holdfast/api/codec/connect-request";
import { ConnectResponseReader } from "@holdfast/api/codec/connect-response";
import { failureStatus } from "@holdfast/api/failure-status";
import { type Failure, failure } from "@holdfast/base/failure";
import type { AcquireCommand } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import { failureIn } from "./peer-channel.ts";

/** What a stream that carried one wait came to. */
export type WaitReply = { readonly kind: "answered"; readonly outcome: Outcome } | Failure;

/** Decoding keeps no state between messages, so one serves all streams. */
const reader = new ConnectResponseReader();

/** The one command of its stream. */
const id = 1;

/** Who hears of a request while it waits, and for how long anybody does. */
export type WaitNews = Pick<Call, "cancellation" | "onPosition" | "onLeases">;

/**
 * Asks for one lock over a stream of `SessionService.Connect` and nothing else, for its answer and
 * what is said of its place in the queue until then: a unary call has only the answer. One stream
 * for each wait, as a unary call is one too, so that a broken one takes no other wait along.
 */
export function waitOver(
  stream: ClientDuplexStream<Buffer, Buffer>,
  command: AcquireCommand,
  news: WaitNews,
): Promise<WaitReply> {
  let reply: WaitReply | undefined;
  stream.on("data", (bytes: Buffer) => {
    const content = reader.read(bytes);
    if (content === undefined) return stream.cancel();
    for (const event of content.events) {
      if (event.kind === "queue-position" && event.id === id) news.onPosition?.(event.position);
      if (event.kind === "place-leases" && event.id === id) news.onLeases?.(event.leases);
    }
    const [result] = content.results;
    if (result?.id === id) reply = { kind: "answered", outcome: result.outcome };
  });
  // The status says the same, and comes always.
  stream.on("error", () => {});
  const writer = new ConnectRequestWriter();
  writer.hello({ clientName: "holdfast-router", clientVersion: "" });
  writer.command(id, command);
  stream.write(writer.take());
  // Half-closed, the stream ends by itself with the answer. One that breaks leaves the place as it
  // is: its asker may come by another way, and nothing is handed over to it by this one.
  stream.end();
  const forget = news.cancellation.onCancel(() => stream.cancel());
  return new Promise((resolve) => {
    stream.on("status", (status: StatusObject) => {
      forget();
      resolve(reply ?? withoutAnswer(status));
    });
  });
}

/**
 * What refuses a stream for good refused it before the command was begun. Anything else, a router
 * that stops too, may have left the request in line or with the lock.
 */
function withoutAnswer(status: StatusObject): Failure {
  const found = failureIn(status);
  if (failureStatus[found.code].repeat === "no") return found;
  return failure("UNKNOWN_OUTCOME", found.message || "the stream ended without an answer.");
}
