import {
  type ReadmitResponse,
  type ReadRegistersRequest,
  ReadRegistersResponse,
  type RegionClaims as WireClaims,
  ReadmitResponse_State as WireState,
} from "@holdfast/api/generated/holdfast/internal/v1/membership";
import { type Failure, failure } from "@holdfast/base/failure";
import { slotCount } from "@holdfast/core/placement/slot";
import { ballotBytes } from "@holdfast/core/quorum/ballot";
import type { RegionClaims, ShardClaim } from "@holdfast/core/quorum/claim";
import { decodeMembers, encodeMembers } from "@holdfast/core/quorum/members";
import type { RegisterCopy } from "@holdfast/core/quorum/register-copy";
import type {
  Readmission,
  RegistersPage,
  RegistersQuery,
} from "@holdfast/engine/ports/membership-peer";

// What coordinators say about who belongs, between the wire and the engine. Numbers past 2^53 are
// past every limit, and are refused where they would matter.

/** What a region says of itself, for the wire. */
export function claimsToWire({ region, shards }: RegionClaims): WireClaims {
  return {
    region,
    shards: shards.map((shard) => ({
      ...shard,
      generation: BigInt(shard.generation),
      members: Buffer.from(shard.members === undefined ? [] : encodeMembers(shard.members)),
    })),
  };
}

/** What a region said of itself. */
export function claimsFromWire({ region, shards }: WireClaims): RegionClaims {
  return { kind: "claims", region, shards: shards.map(claimFromWire) };
}

function claimFromWire(shard: WireClaims["shards"][number]): ShardClaim {
  const { members: bytes, generation, ...rest } = shard;
  const members = bytes.length === 0 ? undefined : decodeMembers(bytes);
  return { ...rest, generation: Number(generation), ...(members && { members }) };
}

/** A page asked for, or what is wrong with it. */
export function queryFromWire(request: ReadRegistersRequest): RegistersQuery | Failure {
  const { firstSlot, lastSlot, after } = request;
  if (firstSlot <= lastSlot && lastSlot < slotCount) {
    return { generation: Number(request.generation), firstSlot, lastSlot, after };
  }
  const message = `Slots ${firstSlot} to ${lastSlot} are no part of 0 to ${slotCount - 1}.`;
  return failure("INVALID_ARGUMENT", message, { field: "last_slot" });
}

/** A page, for the wire. */
export function pageToWire({ copies, next }: RegistersPage): Uint8Array {
  return ReadRegistersResponse.encode({
    copies: copies.map((copy) => ({
      ...copy,
      promised: Buffer.from(copy.promised),
      accepted: Buffer.from(copy.accepted ?? []),
    })),
    next,
    otherGeneration: undefined,
  }).finish();
}

/** Undefined where a copy is of no register: what is copied becomes a vote. */
export function pageFromWire({ copies, next }: ReadRegistersResponse): RegistersPage | undefined {
  const read: RegisterCopy[] = [];
  for (const { slot, namespace, name, promised, accepted } of copies) {
    if (slot >= slotCount || promised.length !== ballotBytes) return undefined;
    if (accepted.length > 0 && accepted.length <= ballotBytes) return undefined;
    const base = { slot, namespace, name, promised };
    read.push(accepted.length === 0 ? base : { ...base, accepted });
  }
  return { kind: "registers", copies: read, next };
}

const states = {
  whole: WireState.STATE_WHOLE,
  copying: WireState.STATE_COPYING,
  failed: WireState.STATE_FAILED,
} as const;

/** How far a re-admission is, for the wire. */
export function readmissionToWire(readmission: Readmission): ReadmitResponse {
  const { state, generation, shards, copied, problem } = readmission;
  return {
    state: states[state],
    generation: BigInt(generation),
    shards: [...shards],
    copied: BigInt(copied),
    problem,
  };
}

/** Undefined where the state is none that this version knows. */
export function readmissionFromWire(
  region: string,
  { state, generation, shards, copied, problem }: ReadmitResponse,
): Readmission | undefined {
  const known = (["whole", "copying", "failed"] as const).find((each) => states[each] === state);
  if (known === undefined) return undefined;
  const numbers = { generation: Number(generation), copied: Number(copied) };
  return { kind: "readmission", region, state: known, shards, problem, ...numbers };
}
