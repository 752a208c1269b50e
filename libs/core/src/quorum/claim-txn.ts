import { utf8, utf8Text } from "@holdfast/base/bytes";
import { invariant } from "@holdfast/base/invariant";
import { slotCount } from "../placement/slot.ts";
import {
  absent,
  type Compare,
  type Op,
  type RangeResult,
  rangeEmpty,
  type Txn,
  type TxnResult,
  valueIs,
} from "../txn/txn.ts";
import { decodeGeneration, encodeGeneration, generationIs } from "./acceptor.ts";
import type { ShardClaim } from "./claim.ts";
import { decodeMembers, encodeMembers, type Members } from "./members.ts";
import {
  generationKey,
  incarnationKey,
  membersKey,
  readmittedKey,
  registersOf,
} from "./register-keys.ts";

const everyRegister = registersOf(0, slotCount - 1);

const claim: readonly Op[] = [
  { kind: "range", key: incarnationKey },
  { kind: "range", key: generationKey },
  { kind: "range", key: membersKey },
  { kind: "range", key: readmittedKey, countOnly: true },
  {
    kind: "range",
    key: everyRegister.prefix,
    rangeEnd: everyRegister.end,
    limit: 1,
    keysOnly: true,
  },
];

/**
 * Reads what a shard says of itself. One that has no incarnation gets `incarnation`, and whatever
 * let it vote goes: it belonged to the cluster that this one was made from.
 */
export function claimTxn(incarnation: string): Txn {
  const reset: Op[] = [
    { kind: "put", key: incarnationKey, value: utf8(incarnation), lease: 0n },
    { kind: "delete", key: generationKey },
    { kind: "delete", key: membersKey },
    { kind: "delete", key: readmittedKey },
  ];
  return { compares: [absent(incarnationKey)], success: [...reset, ...claim], failure: claim };
}

/** Reads the answer of {@link claimTxn}. */
export function readClaim(name: string, { results }: TxnResult): ShardClaim {
  const [stored, generation, members, readmitted, registers] = results.filter(isRange);
  invariant(stored !== undefined && generation !== undefined, "a claim reads what it is made of");
  const record = members?.kvs[0];
  const decoded = record === undefined ? undefined : decodeMembers(record.value);
  const unreadable = record !== undefined && decoded === undefined;
  return {
    name,
    incarnation: utf8Text(stored.kvs[0]?.value ?? new Uint8Array()),
    generation: decodeGeneration(generation),
    ...(decoded === undefined ? {} : { members: decoded }),
    isBlank: registers?.count === 0,
    isHalfTrusted: (readmitted?.count ?? 0) > 0,
    problem: unreadable ? `it keeps bytes under ${membersKey} that cannot be read` : "",
  };
}

/**
 * Lets a shard of a new installation vote. Create-only, and only where no register was ever kept:
 * a shard that forgot what it promised must not come in this way.
 */
export function joinTxn({ incarnation }: ShardClaim, record: Members): Txn {
  const isNew = rangeEmpty(everyRegister.prefix, everyRegister.end);
  const compares = [incarnationIs(incarnation), absent(generationKey), absent(membersKey), isNew];
  return { compares, success: admission(record), failure: [] };
}

/** Takes a shard that votes from its generation to a higher one. Alone in its batch [H4]. */
export function raiseTxn({ incarnation, generation }: ShardClaim, record: Members): Txn {
  invariant(generation > 0 && generation < record.generation, "only a vote is raised, and only up");
  const compares = [incarnationIs(incarnation), generationIs(generation)];
  return { compares, success: admission(record), failure: [] };
}

/**
 * Lets a shard vote again into which the registers were copied. It compares the incarnation, or a
 * slow copy from before an earlier loss would admit what was lost since. `lease`: of the longest
 * ttl; while it lives, liveness that the shard lacks proves nothing [H3].
 */
export function readmitTxn(incarnation: string, record: Members, lease: bigint): Txn {
  const trust: Op = { kind: "put", key: readmittedKey, value: utf8("half trusted"), lease };
  return {
    compares: [incarnationIs(incarnation), absent(generationKey)],
    success: [...admission(record), trust],
    failure: [],
  };
}

/**
 * Makes a shard that was set back to an older state, or replaced by another cluster, a new one that
 * votes no more. It compares all that the claim said: meanwhile somebody may have let it in.
 */
export function disownTxn({ incarnation: before, generation }: ShardClaim, after: string): Txn {
  const still = generation > 0 ? generationIs(generation) : absent(generationKey);
  return {
    compares: [incarnationIs(before), still],
    success: [
      { kind: "put", key: incarnationKey, value: utf8(after), lease: 0n },
      { kind: "delete", key: generationKey },
      { kind: "delete", key: membersKey },
    ],
    failure: [],
  };
}

/** Holds in this very cluster, for as long as it keeps its data. */
export function incarnationIs(incarnation: string): Compare {
  return valueIs(incarnationKey, utf8(incarnation));
}

function admission(record: Members): Op[] {
  const generation = encodeGeneration(record.generation);
  return [
    { kind: "put", key: generationKey, value: generation, lease: 0n },
    { kind: "put", key: membersKey, value: encodeMembers(record), lease: 0n },
  ];
}

function isRange(result: TxnResult["results"][number]): result is RangeResult {
  return result.kind === "range";
}
