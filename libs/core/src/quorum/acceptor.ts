import { emptyBytes, utf8, utf8Text } from "@holdfast/base/bytes";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { type Marker, markerLives } from "../lease/marker.ts";
import { decodeEpoch, epochIs } from "../lock/epoch.ts";
import { epochKey } from "../lock/keys.ts";
import {
  absent,
  type Compare,
  type Op,
  type OpResult,
  type RangeResult,
  type Txn,
  type TxnResult,
  valueIs,
} from "../txn/txn.ts";
import { compareBallots, decodeBallot, encodeBallot } from "./ballot.ts";
import type {
  AcceptReply,
  AcceptRequest,
  Attached,
  OtherGeneration,
  PrepareReply,
  PrepareRequest,
  Refused,
  Showing,
  Shown,
} from "./message.ts";
import { decodeAccepted, encodeAccepted } from "./register-codec.ts";
import { generationKey, livenessKey, type RegisterKeys, readmittedKey } from "./register-keys.ts";

/** A region's vote could not be read: the bytes are another version's, or damaged. */
export interface Damaged {
  readonly kind: "damaged";
  readonly key: string;
}

/** The shard is at another epoch: the slot may live elsewhere by now. */
export interface OtherEpoch {
  readonly kind: "epoch";
  readonly shardEpoch: number;
}

/** Where a region's vote for a register is kept, under one pinned placement. */
export interface VoteSite {
  readonly keys: RegisterKeys;
  /** The version of the placement that chose the shard: every write compares it. */
  readonly epoch: number;
}

/** Why a vote could not be given. */
export type NoVote = Damaged | OtherEpoch;

/** The session's lease in this region that each grant's liveness is to hang on. */
export type Leases = ReadonlyMap<GrantId, Marker>;

/**
 * Promises `ballot` if it is higher than what was promised, and reads what the proposer must know.
 * A value compare is false where the key is missing (hazard 5), hence the nested second try [H10].
 */
export function prepareTxn(site: VoteSite, { ballot, generation }: PrepareRequest): Txn {
  const { keys } = site;
  const below: Compare = {
    target: "value",
    key: keys.promised,
    op: "<",
    value: encodeBallot(ballot),
  };
  const success: Op[] = [
    put(keys.promised, encodeBallot(ballot)),
    point(keys.accepted),
    { kind: "range", key: keys.live.prefix, rangeEnd: keys.live.end, keysOnly: true },
    { kind: "range", key: readmittedKey, keysOnly: true },
  ];
  return orCreate(site, generation, below, success);
}

/** Reads the answer of {@link prepareTxn}. */
export function readPrepare(
  site: VoteSite,
  { generation }: PrepareRequest,
  result: TxnResult,
): PrepareReply | NoVote {
  const won = winning(result);
  if (won === undefined) return whyLost(site, generation, result);
  const [, accepted, live, readmitted] = won.results;
  const showing = showingOf(site.keys, accepted, live, readmitted);
  return showing.kind === "damaged" ? showing : { ...showing, kind: "promised" };
}

/** Reads what a promise would show, and raises nothing [H7]. */
export function readTxn(site: VoteSite, generation: number): Txn {
  const { keys, epoch } = site;
  return {
    compares: [epochIs(epoch), generationIs(generation)],
    success: [
      point(keys.accepted),
      { kind: "range", key: keys.live.prefix, rangeEnd: keys.live.end, keysOnly: true },
      { kind: "range", key: readmittedKey, keysOnly: true },
    ],
    failure: [point(epochKey), point(generationKey)],
  };
}

/** Reads the answer of {@link readTxn}. */
export function readShown(site: VoteSite, result: TxnResult): Shown | OtherGeneration | NoVote {
  if (!result.succeeded) {
    const [stored, current] = result.results;
    const shardEpoch = decodeEpoch(range(stored));
    if (shardEpoch !== site.epoch) return { kind: "epoch", shardEpoch };
    return { kind: "other-generation", generation: decodeGeneration(range(current)) };
  }
  const [accepted, live, readmitted] = result.results;
  const showing = showingOf(site.keys, accepted, live, readmitted);
  return showing.kind === "damaged" ? showing : { ...showing, kind: "shown" };
}

/**
 * Accepts a value unless a higher ballot was promised, and promises the proposer's next one. A
 * grant whose session has no lease here any more is accepted without its liveness [H2].
 */
export function acceptTxn(site: VoteSite, request: AcceptRequest, leases: Leases): Txn {
  const { keys } = site;
  const { ballot, value, next, attach, forget, generation } = request;
  invariant(compareBallots(ballot, next) < 0, "the next ballot is higher");
  const notAbove: Compare = {
    target: "value",
    key: keys.promised,
    op: "<",
    // The ballot's first successor in the order of bytes: "promised is at most the ballot".
    value: Uint8Array.of(...encodeBallot(ballot), 0),
  };
  const success: Op[] = [
    put(keys.promised, encodeBallot(next)),
    put(keys.accepted, encodeAccepted(ballot, value)),
    ...attach.map(({ grantId }) => attachOp(keys, grantId, leases.get(grantId))),
    ...forget.map((grantId): Op => ({ kind: "delete", key: livenessKey(keys, grantId) })),
  ];
  return orCreate(site, generation, notAbove, success);
}

/** Reads the answer of {@link acceptTxn}. */
export function readAccept(
  site: VoteSite,
  request: AcceptRequest,
  leases: Leases,
  result: TxnResult,
): AcceptReply | NoVote {
  const { keys } = site;
  const won = winning(result);
  if (won !== undefined) {
    const attached = request.attach.flatMap(({ grantId }, index): Attached[] => {
      const answer = won.results[2 + index];
      const marker = leases.get(grantId);
      const stands = answer?.kind === "txn" && answer.result.succeeded;
      return stands && marker !== undefined ? [{ grantId, lease: marker.lease }] : [];
    });
    return { kind: "accepted", attached };
  }
  const lost = whyLost(site, request.generation, result);
  if (lost.kind !== "refused") return lost;
  const [, , , accepted, live] = innerOf(result).results;
  const kv = range(accepted).kvs[0];
  const stored = kv === undefined ? undefined : decodeBallot(kv.value);
  if (stored === undefined || compareBallots(stored, request.ballot) !== 0) return lost;
  // A copy of this very request came before: a ballot has one value, so it is this one.
  const asked = new Set(request.attach.map(({ grantId }) => grantId));
  return {
    kind: "accepted",
    attached: readLive(keys, live).filter((each) => asked.has(each.grantId)),
  };
}

/** The generation and incarnation that a shard must be at. */
export function generationIs(generation: number): Compare {
  return valueIs(generationKey, encodeGeneration(generation));
}

/** The stored form of a generation: decimal text, so that an operator can read it. */
export function encodeGeneration(generation: number): Uint8Array {
  return utf8(String(generation));
}

/** The generation a shard is at; 0 where it has none yet. */
export function decodeGeneration(stored: RangeResult): number {
  const kv = stored.kvs[0];
  return kv === undefined ? 0 : Number(utf8Text(kv.value));
}

function showingOf(
  keys: RegisterKeys,
  accepted: OpResult | undefined,
  live: OpResult | undefined,
  readmitted: OpResult | undefined,
): (Showing & { readonly kind: "showing" }) | Damaged {
  const kv = range(accepted).kvs[0];
  const stored = kv === undefined ? undefined : decodeAccepted(kv.value);
  if (kv !== undefined && stored === undefined) return { kind: "damaged", key: keys.accepted };
  return {
    kind: "showing",
    ...(stored === undefined ? {} : { accepted: stored }),
    live: readLive(keys, live),
    halfTrusted: range(readmitted).count > 0,
  };
}

function readLive(keys: RegisterKeys, answer: OpResult | undefined): Attached[] {
  return range(answer).kvs.map(({ key, lease }) => ({
    grantId: key.slice(keys.live.prefix.length) as GrantId,
    lease: lease as LeaseId,
  }));
}

/** Carries out `success` if the compare holds, or if nothing was promised yet. */
function orCreate(
  { keys, epoch }: VoteSite,
  generation: number,
  compare: Compare,
  success: readonly Op[],
): Txn {
  const may = [epochIs(epoch), generationIs(generation)];
  const create: Txn = {
    compares: [...may, absent(keys.promised)],
    success,
    failure: [
      point(epochKey),
      point(generationKey),
      point(keys.promised),
      point(keys.accepted),
      { kind: "range", key: keys.live.prefix, rangeEnd: keys.live.end, keysOnly: true },
    ],
  };
  return { compares: [...may, compare], success, failure: [{ kind: "txn", txn: create }] };
}

/** The answers of the branch that was carried out; undefined where neither was. */
function winning(result: TxnResult): TxnResult | undefined {
  if (result.succeeded) return result;
  const inner = innerOf(result);
  return inner.succeeded ? inner : undefined;
}

function whyLost(
  { keys, epoch }: VoteSite,
  generation: number,
  result: TxnResult,
): Refused | OtherGeneration | NoVote {
  const [stored, current, promised] = innerOf(result).results;
  const shardEpoch = decodeEpoch(range(stored));
  if (shardEpoch !== epoch) return { kind: "epoch", shardEpoch };
  const at = decodeGeneration(range(current));
  if (at !== generation) return { kind: "other-generation", generation: at };
  const ballot = decodeBallot(range(promised).kvs[0]?.value ?? emptyBytes);
  if (ballot === undefined) return { kind: "damaged", key: keys.promised };
  return { kind: "refused", promised: ballot };
}

function attachOp(keys: RegisterKeys, grantId: GrantId, marker: Marker | undefined): Op {
  const never: Txn = { compares: [], success: [], failure: [] };
  if (marker === undefined) return { kind: "txn", txn: { ...never, compares: [impossible] } };
  const live = put(livenessKey(keys, grantId), emptyBytes, marker.lease);
  return { kind: "txn", txn: { compares: [markerLives(marker)], success: [live], failure: [] } };
}

/** So that a grant without a lease here answers like one whose lease has just ended. */
const impossible: Compare = { target: "create", key: generationKey, op: "=", revision: 0n };

function innerOf(result: TxnResult): TxnResult {
  const [inner] = result.results;
  invariant(inner?.kind === "txn", "a lost compare tries to create");
  return inner.result;
}

function put(key: string, value: Uint8Array, lease = 0n): Op {
  return { kind: "put", key, value, lease };
}

function point(key: string): Op {
  return { kind: "range", key };
}

function range(answer: OpResult | undefined): RangeResult {
  invariant(answer?.kind === "range", "a read answers with a range");
  return answer;
}
