import { askPort } from "./ask-port.ts";
import type { ClientTls } from "./server-tls.ts";

const METADATA = 3;
/** The oldest version that every Kafka from 3.9 on still speaks and that has no tagged fields. */
const METADATA_VERSION = 5;
const CORRELATION_ID = 1;

/**
 * True when the broker on this loopback port knows of at least one broker: itself, once its
 * controller has let it in. Before that it would refuse every client's work.
 */
export async function isServing(port: number, tls?: ClientTls): Promise<boolean> {
  const isWhole = (answer: Buffer): boolean =>
    answer.length >= 4 && answer.length >= 4 + answer.readInt32BE(0);
  const answer = await askPort(port, metadataRequest(), isWhole, { tls });
  return answer !== undefined && brokersIn(answer) > 0;
}

/** A metadata request about no topic at all. */
function metadataRequest(): Buffer {
  const client = Buffer.from("holdfast-toolchain");
  const request = Buffer.alloc(4 + 2 + 2 + 4 + 2 + client.length + 4 + 1);
  let at = request.writeInt32BE(request.length - 4, 0);
  at = request.writeInt16BE(METADATA, at);
  at = request.writeInt16BE(METADATA_VERSION, at);
  at = request.writeInt32BE(CORRELATION_ID, at);
  at = request.writeInt16BE(client.length, at);
  at += client.copy(request, at);
  at = request.writeInt32BE(0, at);
  request.writeInt8(0, at);
  return request;
}

/** How many brokers a metadata answer names; 0 for what is none. */
export function brokersIn(answer: Buffer): number {
  // Length, correlation id, throttle time, then the brokers.
  if (answer.length < 16 || answer.readInt32BE(4) !== CORRELATION_ID) return 0;
  return answer.readInt32BE(12);
}
