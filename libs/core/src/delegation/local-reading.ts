import { compareBytes } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { invariant } from "@holdfast/base/invariant";
import { decodeEpoch } from "../lock/epoch.ts";
import { type Damaged, decodeGeneration, type OtherEpoch } from "../quorum/acceptor.ts";
import type { OtherGeneration } from "../quorum/message.ts";
import type { OpResult, RangeResult, TxnResult } from "../txn/txn.ts";
import { decodeState, sameState } from "./delegation-state.ts";
import { decodeHolder } from "./local-record.ts";
import type {
  CancelStep,
  EnqueueStep,
  GrantStep,
  LocalReply,
  LocalStep,
  ReleaseStep,
  Seen,
} from "./local-step.ts";
import type { DelegationSite } from "./local-txn.ts";

/** Why a step was not carried out, for whoever pinned placement and generation. */
export type NotHere = OtherEpoch | OtherGeneration | Damaged;

/** Reads the answer to the transaction of a step. */
export function readLocal(
  site: DelegationSite,
  step: LocalStep,
  result: TxnResult,
): Exclude<LocalReply, { readonly kind: "moved" }> | NotHere {
  switch (step.kind) {
    case "release":
      return result.succeeded ? readRelease(step, result) : epochIn(result);
    case "cancel":
      return result.succeeded ? readCancel(step, result) : epochIn(result);
    case "look":
      if (result.succeeded) return readSeen(site, result.results);
      return wrongPlace(site, result.results) ?? { kind: "seen" };
    case "enqueue":
      if (!result.succeeded) return readLost(site, step, result);
      return readPlaced(result);
    case "grant":
      return result.succeeded ? { kind: "done" } : readLost(site, step, result);
    case "open": {
      if (result.succeeded) return { kind: "done" };
      const [create] = result.results;
      invariant(create?.kind === "txn", "a lost open tries to create");
      if (create.result.succeeded) return { kind: "done" };
      const seen = readMoved(site, create.result);
      const isOpened = seen.kind === "seen" && seen.state && sameState(seen.state, step.state);
      return isOpened ? { kind: "done" } : seen;
    }
    default:
      return result.succeeded ? { kind: "done" } : readMoved(site, result);
  }
}

/** The epoch is all that it compares first. */
function epochIn({ results }: TxnResult): OtherEpoch {
  return { kind: "epoch", shardEpoch: decodeEpoch(range(results[0])) };
}

function readRelease({ marker, next }: ReleaseStep, { results }: TxnResult): LocalReply & Done {
  const release = inner(results[0]);
  const tombstone = results[2];
  return {
    kind: "released",
    found: release.succeeded,
    refused: marker !== undefined && inner(tombstone).succeeded,
    isNextDone: next !== undefined && release.succeeded && inner(release.results[1]).succeeded,
  };
}

type Done = { readonly kind: "released" | "cancelled" };

function readCancel(
  { grantId, marker }: CancelStep,
  { results }: TxnResult,
): (LocalReply & Done) | Damaged {
  const withdrawn = results[0];
  const held = range(results.at(-1)).kvs[0];
  const holder = held === undefined ? undefined : decodeHolder(held.value);
  if (held !== undefined && holder === undefined) return { kind: "damaged", key: held.key };
  return {
    kind: "cancelled",
    found: (withdrawn?.kind === "delete" && withdrawn.deleted > 0) || holder !== undefined,
    refused: marker !== undefined && inner(results[1]).succeeded,
    ...(holder === undefined ? {} : { holder: { grantId, token: holder.token } }),
  };
}

function readPlaced({ results }: TxnResult): LocalReply & { readonly kind: "placed" } {
  const kv = range(results[1]).kvs[0];
  invariant(kv !== undefined, "a place that was just put is there");
  return { kind: "placed", since: kv.createRevision, written: kv.modRevision };
}

function readLost(
  site: DelegationSite,
  { request, marker }: GrantStep | EnqueueStep,
  { results }: TxnResult,
) {
  const elsewhere = wrongPlace(site, results);
  if (elsewhere !== undefined) return elsewhere;
  // Its own grant comes first: with a grant the request was buried.
  const seen = readSeen(site, results.slice(2));
  if (seen.kind === "seen" && seen.holder?.grantId === request.grantId) return seen;
  const [buried, stored] = results.slice(4).map(range);
  if ((buried?.count ?? 0) > 0) return { kind: "given-up" } as const;
  const value = stored?.kvs[0]?.value;
  const isAlive = value !== undefined && compareBytes(value, marker.value) === 0;
  if (!isAlive) return { kind: "lease-ended" } as const;
  return seen;
}

function readMoved(site: DelegationSite, { results }: TxnResult) {
  return wrongPlace(site, results) ?? readSeen(site, results.slice(2));
}

function wrongPlace(
  { epoch, generation }: DelegationSite,
  results: readonly OpResult[],
): OtherEpoch | OtherGeneration | undefined {
  const shardEpoch = decodeEpoch(range(results[0]));
  if (shardEpoch !== epoch) return { kind: "epoch", shardEpoch };
  const at = decodeGeneration(range(results[1]));
  return at === generation ? undefined : { kind: "other-generation", generation: at };
}

function readSeen({ keys }: DelegationSite, results: readonly OpResult[]): Seen | Damaged {
  const [stateKv, holderKv] = results.slice(0, 2).map((result) => range(result).kvs[0]);
  const state = stateKv === undefined ? undefined : decodeState(stateKv.value);
  if (stateKv !== undefined && state === undefined) return { kind: "damaged", key: keys.state };
  const holder = holderKv === undefined ? undefined : decodeHolder(holderKv.value);
  if (holderKv !== undefined && holder === undefined) {
    return { kind: "damaged", key: holderKv.key };
  }
  const grantId = holderKv?.key.slice(keys.holders.prefix.length) as GrantId;
  return {
    kind: "seen",
    ...(state === undefined ? {} : { state }),
    ...(holder === undefined ? {} : { holder: { grantId, token: holder.token } }),
  };
}

function inner(result: OpResult | undefined): TxnResult {
  invariant(result?.kind === "txn", "a nested transaction answers as one");
  return result.result;
}

function range(result: OpResult | undefined): RangeResult {
  invariant(result?.kind === "range", "a read answers with a range");
  return result;
}
