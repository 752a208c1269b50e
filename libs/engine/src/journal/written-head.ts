import type { ChainHead } from "@holdfast/core/audit/chain";
import { journalKey } from "@holdfast/core/lock/keys";
import type { ShardStore } from "../ports/shard-store.ts";
import { decodeCheckpoint } from "./checkpoint.ts";

/** How far a shard's journal wrote, as far as that can be known. */
export interface WrittenHead {
  /** The last record of its history that certainly is in the log; absent: none, or not known. */
  readonly written?: ChainHead;
  /** Why it is not known, for people; empty when it is. */
  readonly writtenProblem: string;
}

/** Reads the word that the journal left in the shard; where there is no journal there is none. */
export async function writtenHead(store: ShardStore): Promise<WrittenHead> {
  const reply = await store.range({ kind: "range", key: journalKey });
  if (reply.kind !== "read") return { writtenProblem: reply.message };
  const [stored] = reply.range.kvs;
  if (stored === undefined) return { writtenProblem: "" };
  const checkpoint = decodeCheckpoint(stored.value);
  if (checkpoint === undefined) {
    return { writtenProblem: "the journal's checkpoint is of a newer version, or damaged" };
  }
  const { head } = checkpoint.done;
  return { writtenProblem: "", ...(head.sequence > 0n && { written: head }) };
}
