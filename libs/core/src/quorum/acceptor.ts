import { utf8 } from "@holdfast/base/bytes";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { type Marker, markerLives } from "../lease/marker.ts";
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
import { type Ballot, compareBallots, decodeBallot, encodeBallot } from "./ballot.ts";
import type {
  AcceptReply,
  AcceptRequest,
  Attached,
  PrepareReply,
  PrepareRequest,
  Refused,
} from "./message.ts";
import { decodeAccepted, encodeAccepted } from "./register-codec.ts";
import { generationKey, livenessKey, type RegisterKeys, readmittedKey } from "./register-keys.ts";

/** A region's vote could not be read: the bytes are another version's, or damaged. */
export interface Damaged {
  readonly kind: "damaged";
  readonly key: string;
}

/** The session's lease in this region that each grant's liveness is to hang on. */
export type Leases = ReadonlyMap<GrantId, Marker>;

/**
 * Promises `ballot` if it is higher than what was promised, and reads what the proposer must know.
 * A value compare is false where the key is missing (hazard 5), hence the nested second try [H10].
 */
export function prepareTxn(keys: RegisterKeys, { ballot, generation }: PrepareRequest): Txn {
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
  return orCreate(keys, generation, below, success);
}

/** Reads the answer of {@link prepareTxn}. */
export function readPrepare(
  keys: RegisterKeys,
  { generation }: PrepareRequest,
  result: TxnResult,
): PrepareReply | Damaged {
  const won = winning(result);
  if (won === undefined) return whyLost(keys, generation, result);
  const [, accepted, live, readmitted] = won.results;
  const kv = range(accepted).kvs[0];
  const stored = kv === undefined ? undefined : decodeAccepted(kv.value);
  if (kv !== undefined && stored === undefined) return { kind: "damaged", key: keys.accepted };
  return {
    kind: "promised",
    ...(stored === undefined ? {} : { accepted: stored }),
    live: readLive(keys, live),
    halfTrusted: range(readmitted).count > 0,
  };
}

/**
 * Accepts a value unless a higher ballot was promised, and promises the proposer's next one. A
 * grant whose session has no lease here any more is accepted without its liveness [H2].
 */
export function acceptTxn(keys: RegisterKeys, request: AcceptRequest, leases: Leases): Txn {
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
  return orCreate(keys, generation, notAbove, success);
}

/** Reads the answer of {@link acceptTxn}. */
export function readAccept(
  keys: RegisterKeys,
  request: AcceptRequest,
  leases: Leases,
  result: TxnResult,
): AcceptReply | Damaged {
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
  const lost = whyLost(keys, request.generation, result);
  if (lost.kind !== "refused") return lost;
  const [, , accepted, live] = innerOf(result).results;
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

/** The stored form of a generation. */
export function encodeGeneration(generation: number): Uint8Array {
  return utf8(String(generation));
}

function readLive(keys: RegisterKeys, answer: OpResult | undefined): Attached[] {
  return range(answer).kvs.map(({ key, lease }) => ({
    grantId: key.slice(keys.live.prefix.length) as GrantId,
    lease: lease as LeaseId,
  }));
}

/** Carries out `success` if the compare holds, or if nothing was promised yet. */
function orCreate(
  keys: RegisterKeys,
  generation: number,
  compare: Compare,
  success: readonly Op[],
): Txn {
  const create: Txn = {
    compares: [generationIs(generation), absent(keys.promised)],
    success,
    failure: [
      point(generationKey),
      point(keys.promised),
      point(keys.accepted),
      { kind: "range", key: keys.live.prefix, rangeEnd: keys.live.end, keysOnly: true },
    ],
  };
  return {
    compares: [generationIs(generation), compare],
    success,
    failure: [{ kind: "txn", txn: create }],
  };
}

/** The answers of the branch that was carried out; undefined where neither was. */
function winning(result: TxnResult): TxnResult | undefined {
  if (result.succeeded) return result;
  const inner = innerOf(result);
  return inner.succeeded ? inner : undefined;
}

function whyLost(
  keys: RegisterKeys,
  generation: number,
  result: TxnResult,
): Refused | { readonly kind: "other-generation"; readonly generation: number } | Damaged {
  const [stored, promised] = innerOf(result).results;
  const at = Number(Buffer.from(range(stored).kvs[0]?.value ?? []).toString() || "0");
  if (at !== generation) return { kind: "other-generation", generation: at };
  const ballot: Ballot | undefined = decodeBallot(
    range(promised).kvs[0]?.value ?? new Uint8Array(),
  );
  if (ballot === undefined) return { kind: "damaged", key: keys.promised };
  return { kind: "refused", promised: ballot };
}

function attachOp(keys: RegisterKeys, grantId: GrantId, marker: Marker | undefined): Op {
  const never: Txn = { compares: [], success: [], failure: [] };
  if (marker === undefined) return { kind: "txn", txn: { ...never, compares: [impossible] } };
  const live = put(livenessKey(keys, grantId), new Uint8Array(), marker.lease);
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
