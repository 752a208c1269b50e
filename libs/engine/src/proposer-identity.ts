import { utf8, utf8Text } from "@holdfast/base/bytes";
import { type Failure, failure } from "@holdfast/base/failure";
import { invariant } from "@holdfast/base/invariant";
import { integerBelow, type Random } from "@holdfast/base/random";
import { absent, type Txn, valueIs } from "@holdfast/core/txn/txn";
import { printShard, type Shard, unreached } from "./shard.ts";

/** The starts of coordinators that a region's data has seen, in decimal digits; no lease, ever. */
export const incarnationKey = "m/coordinator/incarnation";

/** Tries before others that start at the same time are said to be in the way. */
const attemptsMax = 64;
const incarnationMax = 2 ** 32 - 1;
/** The low bits of a proposer id are its region's number. */
const regionBits = 2;

/** Who proposes: no two starts of any coordinators of the world have the same pair. */
export interface ProposerIdentity {
  readonly kind: "identity";
  /** 32 bits. */
  readonly proposer: number;
  /** 1 to 2^32 - 1. */
  readonly incarnation: number;
}

/** Where an identity comes from. */
export interface IdentitySource {
  /** The shard that counts; always the same one of the region. */
  readonly shard: Shard;
  /** The region's number, 0 to 2, the same at every coordinator. */
  readonly ordinal: number;
  readonly random: Random;
}

/**
 * Takes an identity that nobody had before. Within the life of the shard's data the counter keeps
 * starts apart, and between regions the ordinal does. Data that was wiped, or restored from a
 * backup, counts numbers twice: 30 random bits stand between that and a ballot used for two values.
 */
export async function takeIdentity(source: IdentitySource): Promise<ProposerIdentity | Failure> {
  const { shard, ordinal, random } = source;
  invariant(ordinal >= 0 && ordinal < 2 ** regionBits, "a region's number fits its bits");
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const seen = await lastIncarnation(shard);
    if (typeof seen !== "number") return seen;
    const incarnation = seen + 1;
    if (incarnation > incarnationMax) return unreadable(shard, String(seen));
    const reply = await shard.store.commit(countTxn(seen, incarnation));
    // A number whose answer was lost may be taken: it is left alone, and the next one is asked for.
    if (reply.kind === "unknown") continue;
    if (reply.kind !== "committed") return unreached(shard, reply);
    if (!reply.result.succeeded) continue;
    const drawn = integerBelow(random, 2 ** (32 - regionBits));
    return { kind: "identity", proposer: drawn * 2 ** regionBits + ordinal, incarnation };
  }
  return failure(
    "CONTENDED",
    `Shard ${printShard(shard)} did not give this coordinator a number of its own in ` +
      `${attemptsMax} tries.`,
    { shard: printShard(shard), retryAfterMs: 500 },
  );
}

function countTxn(seen: number, incarnation: number): Txn {
  const value = utf8(String(incarnation));
  return {
    compares: [seen === 0 ? absent(incarnationKey) : valueIs(incarnationKey, utf8(String(seen)))],
    success: [{ kind: "put", key: incarnationKey, value, lease: 0n }],
    failure: [],
  };
}

async function lastIncarnation(shard: Shard): Promise<number | Failure> {
  const reply = await shard.store.range({ kind: "range", key: incarnationKey });
  if (reply.kind !== "read") return unreached(shard, reply);
  const [kv] = reply.range.kvs;
  if (kv === undefined) return 0;
  const text = utf8Text(kv.value);
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : unreadable(shard, text);
}

/** Counting on from a guess could hand out a number again. */
function unreadable(shard: Shard, text: string): Failure {
  return failure(
    "SHARD_UNAVAILABLE",
    `Shard ${printShard(shard)} keeps ${JSON.stringify(text)} under ${incarnationKey}, from which ` +
      "this version cannot count on. It is left as it is.",
    { shard: printShard(shard) },
  );
}
