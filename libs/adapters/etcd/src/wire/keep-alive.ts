import { BackwardWriter } from "./backward-writer.ts";
import { Reader } from "./reader.ts";
import { type Header, readHeader } from "./response.ts";
import { tags } from "./tags.ts";

const writer = new BackwardWriter();

/** What etcd answers to one keepalive; a ttl of 0 says that the lease has ended. */
export interface KeepAliveAnswer {
  readonly clusterId: bigint;
  readonly lease: bigint;
  readonly ttlS: number;
}

/** Encodes a LeaseKeepAliveRequest. */
export function encodeKeepAlive(lease: bigint): Buffer {
  writer.start();
  writer.int64(tags.keepAliveRequest.id, lease);
  return writer.finish();
}

/** Decodes a LeaseKeepAliveResponse. */
export function decodeKeepAlive(buffer: Buffer): KeepAliveAnswer {
  const reader = new Reader(buffer);
  let header: Header | undefined;
  let lease = 0n;
  let ttlS = 0;
  for (let tag = reader.tag(reader.length); tag !== 0; tag = reader.tag(reader.length)) {
    if (tag === tags.keepAliveResponse.id) lease = reader.uint64();
    else if (tag === tags.keepAliveResponse.ttl) ttlS = Number(reader.uint64());
    else if (tag === tags.keepAliveResponse.header) header = readHeader(reader);
    else reader.skip(tag);
  }
  return { clusterId: header?.clusterId ?? 0n, lease, ttlS };
}
