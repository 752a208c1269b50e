import { utf8, utf8Text } from "@holdfast/base/bytes";
import { type Failure, failure } from "@holdfast/base/failure";
import { printShard, type Shard } from "./shard.ts";

/** What a shard says it is, under `m/shard`. */
interface Identity {
  readonly cluster: string;
  readonly region: string;
  readonly shard: string;
  /** Chosen once, when the shard is first met: a wiped or swapped shard has another. */
  readonly incarnation: string;
}

/** The value of `m/shard` for a shard that is met for the first time. */
export function encodeIdentity(
  shard: Pick<Shard, "region" | "name">,
  cluster: string,
  incarnation: string,
): Uint8Array {
  const { region, name } = shard;
  const identity: Identity = { cluster, region, shard: name, incarnation };
  return utf8(JSON.stringify(identity));
}

/**
 * A failure where the shard says it is another one. Two routers that disagree on which etcd a shard
 * is would each grant the same lock; the epoch alone does not notice, for all shards have the same.
 */
export function checkIdentity(
  shard: Pick<Shard, "region" | "name">,
  cluster: string,
  value: Uint8Array | undefined,
): Failure | undefined {
  const stored = value === undefined ? undefined : parseIdentity(value);
  const matches =
    stored?.cluster === cluster && stored.region === shard.region && stored.shard === shard.name;
  if (matches) return undefined;
  const is =
    stored === undefined
      ? "does not say what it is: it is new, has lost its data, or is another etcd"
      : `says it is shard ${stored.shard} of region ${stored.region} of ${stored.cluster}`;
  return failure(
    "SHARD_UNAVAILABLE",
    `The etcd configured as shard ${printShard(shard)} of ${cluster} ${is}. Check its endpoints.`,
    { shard: printShard(shard), retryAfterMs: 1_000 },
  );
}

/** The incarnation in the value of `m/shard`; undefined where there is none. */
export function incarnationIn(value: Uint8Array): string | undefined {
  return parseIdentity(value)?.incarnation;
}

function parseIdentity(value: Uint8Array): Identity | undefined {
  try {
    return JSON.parse(utf8Text(value));
  } catch {
    return undefined;
  }
}
