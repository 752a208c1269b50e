import type { ChainHead } from "@holdfast/core/audit/chain";
import { journalKey } from "@holdfast/core/lock/keys";
import type { ShardStore } from "../ports/shard-store.ts";
import { decodeCheckpoint } from "./checkpoint.ts";

/**
 * The last record of a shard's history that certainly is in the log, as its journal left word in
 * the shard; nothing where there is no journal, or it cannot be read.
 */
export async function writtenHead(store: ShardStore): Promise<{ readonly written?: ChainHead }> {
  const reply = await store.range({ kind: "range", key: journalKey });
  const [stored] = reply.kind === "read" ? reply.range.kvs : [];
  const head = stored && decodeCheckpoint(stored.value)?.done.head;
  return head === undefined || head.sequence === 0n ? {} : { written: head };
}
