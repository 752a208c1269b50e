import { digest132 } from "@holdfast/base/digest";
import type { LockId } from "@holdfast/core/lock/lock-id";
import type { ListQuery } from "./ports/lock-tier.ts";

/** An answer out of the cache is no older, in ms. */
export const answerAgeMaxMs = 5_000;

/**
 * How long a mark stands, in ms: longer than any answer that was read before the change and is
 * written only now could be believed. Else a slow reader would bring back what has changed.
 */
export const markTtlMs = 2 * answerAgeMaxMs;

/** Which shard of which installation a key is about. */
export interface CachedShard {
  readonly cluster: string;
  readonly region: string;
  readonly shard: string;
}

/** The form of what lies under the keys: one that changes gets keys of its own. */
const form = "holdfast:1";

/**
 * What is known of one lock: an answer to a Get, or the mark that it changed. Revisions of two
 * shards do not compare, so a lock that moves to another shard has another key there.
 */
export function lockEntryKey(of: CachedShard, lock: Pick<LockId, "namespace" | "name">): string {
  return `${stem(of)}:lock:${lock.namespace}/${lock.name}`;
}

/** The mark that the holders in a namespace changed. */
export function namespaceMarkKey(of: CachedShard, namespace: string): string {
  return `${stem(of)}:namespace:${namespace}`;
}

/** The mark that nothing is to be believed that was read of the shard below its revision. */
export function floorMarkKey(of: CachedShard): string {
  return `${stem(of)}:floor`;
}

/** One page of a List. What the page is depends on which shards there are, too. */
export function pageEntryKey(
  { cluster, region }: Pick<CachedShard, "cluster" | "region">,
  shards: readonly string[],
  { namespace, prefix, pageSize, pageToken }: ListQuery,
): string {
  const asked = [shards, namespace, prefix, pageSize, pageToken];
  return `${form}:${short(cluster)}/${region}:page:${digest132(JSON.stringify(asked))}`;
}

function stem({ cluster, region, shard }: CachedShard): string {
  return `${form}:${short(cluster)}/${region}/${shard}`;
}

/** An installation may be called anything, and a key is bounded. */
function short(cluster: string): string {
  return /^[\w.-]{1,64}$/.test(cluster) ? cluster : `~${digest132(cluster)}`;
}
