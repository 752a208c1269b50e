import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { delegationKeys } from "@holdfast/core/delegation/delegation-keys";
import {
  type DelegationState,
  decodeState,
  isOlderState,
} from "@holdfast/core/delegation/delegation-state";
import { readLocal } from "@holdfast/core/delegation/local-reading";
import { decodeHolder } from "@holdfast/core/delegation/local-record";
import type { LocalHolder, LocalReply, LocalStep } from "@holdfast/core/delegation/local-step";
import { localTxn } from "@holdfast/core/delegation/local-txn";
import { type Marker, sessionMarker } from "@holdfast/core/lease/marker";
import { encodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey } from "@holdfast/core/lock/keys";
import { encodeGeneration } from "@holdfast/core/quorum/acceptor";
import { generationKey } from "@holdfast/core/quorum/register-keys";
import { requestOf } from "@holdfast/core/quorum/testing/requests";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { Interner, keyOf } from "../interner.ts";
import { carryOut, type Keys, withoutLease } from "./shard-keys.ts";

/** A step as it was sent: it compares the generation that its sender believed in. */
export interface SentStep {
  readonly step: LocalStep;
  readonly generation: number;
}

/** What came of a step in the shard. */
export interface Landing {
  readonly shard: number;
  readonly reply: LocalReply;
  /** At another generation, which the sender hears of with the answer. */
  readonly generation: number | undefined;
  /** Somebody has the lock in the shard who had it not before. */
  readonly granted: LocalHolder | undefined;
}

const epoch = 1;
const ttlMs = 15_000;
const keys = delegationKeys(0, "m", "l");
const stepSpan = 2 ** 20;

/** The shard of the region, by the product's own transactions; each one is worked out once. */
export class RegionShard {
  readonly steps = new Interner<SentStep>();
  readonly #shards = new Interner<Keys>();
  readonly #landings = new Map<number, Landing>();
  readonly #seen: ReturnType<RegionShard["see"]>[] = [];

  /** A shard of this generation that has heard of nothing. */
  fresh(generation: number): number {
    const put = (key: string, value: Uint8Array): [string, KeyValue] => {
      return [key, { key, value, createRevision: 1n, modRevision: 1n, lease: 0n }];
    };
    const base = [
      put(epochKey, encodeEpoch(epoch)),
      put(generationKey, encodeGeneration(generation)),
    ];
    return this.#idOf(new Map(base));
  }

  /** The number of a step. */
  stepId(sent: SentStep): number {
    return this.steps.idOf(keyOf(sent), () => sent);
  }

  /** Carries a step out. */
  land(shard: number, stepId: number): Landing {
    const key = shard * stepSpan + stepId;
    let landing = this.#landings.get(key);
    if (landing === undefined) {
      landing = this.#carryOut(shard, this.steps.at(stepId));
      this.#landings.set(key, landing);
    }
    return landing;
  }

  /**
   * A step that does nothing, now and later: what it compares is of the past, and no state comes
   * twice.
   */
  isVoid(shard: number, stepId: number): boolean {
    const { step, generation } = this.steps.at(stepId);
    if (step.kind === "look") return true;
    if (this.land(shard, stepId).shard !== shard) return false;
    const { state } = this.see(shard);
    if (generation < this.#generationOf(shard)) return true;
    if (state === undefined) return false;
    switch (step.kind) {
      case "open":
        return step.state.counter <= state.counter;
      case "release":
        return true;
      case "enqueue":
      case "cancel":
        return false;
      default:
        return isOlderState(step.from, state);
    }
  }

  /** What stands there. */
  see(shard: number): { readonly state?: DelegationState; readonly holder?: LocalHolder } {
    this.#seen[shard] ??= seenIn(this.#shards.at(shard));
    return this.#seen[shard]!;
  }

  /** How often places were taken there. */
  placesTaken(shard: number): number {
    return Number(nextRevision(this.#shards.at(shard)) - firstRevision) - 1;
  }

  /** The client's session has this lease there. */
  hasLease(shard: number, client: string, lease: number): boolean {
    const { key, value } = markerOf(client, lease);
    return sameBytes(this.#shards.at(shard).get(key)?.value, value);
  }

  /** The client's session gets this lease there. */
  withLease(shard: number, client: string, lease: number): number {
    const { key, value } = markerOf(client, lease);
    const kv = { key, value, createRevision: 1n, modRevision: 1n, lease: BigInt(lease) };
    const op = { kind: "put", key, value, lease: leaseOf(client, lease) } as const;
    const txn = { compares: [], success: [op], failure: [] };
    return this.#idOf(carryOut(this.#shards.at(shard), txn, kv.modRevision).keys);
  }

  /** The client's lease ends, and all that hangs on it. */
  endLease(shard: number, client: string, lease: number): number {
    return this.#idOf(withoutLease(this.#shards.at(shard), leaseOf(client, lease)));
  }

  #generationOf(shard: number): number {
    return Number(Buffer.from(this.#shards.at(shard).get(generationKey)?.value ?? []).toString());
  }

  #carryOut(id: number, { step, generation }: SentStep): Landing {
    const before = this.#shards.at(id);
    const site = { keys, epoch, generation };
    const isPlace = step.kind === "enqueue";
    const revision = isPlace ? nextRevision(before) : 1n;
    const carried = carryOut(before, localTxn(site, step), revision);
    const read = readLocal(site, step, carried.result);
    const isPlaced = isPlace && read.kind === "placed";
    const shard = this.#idOf(isPlaced ? withRevision(carried.keys, revision) : carried.keys);
    if (read.kind === "epoch" || read.kind === "damaged") throw new Error(`read ${read.kind}`);
    const isMoved = read.kind === "other-generation";
    const had = this.see(id).holder;
    const has = this.see(shard).holder;
    return {
      shard,
      reply: isMoved ? { kind: "moved" } : read,
      generation: isMoved ? read.generation : undefined,
      granted: has !== undefined && keyOf(has) !== keyOf(had) ? has : undefined,
    };
  }

  #idOf(stored: Keys): number {
    const text = [...stored.values()].map(({ key, value, lease, createRevision, modRevision }) => {
      return `${key}=${Buffer.from(value).toString("latin1")}|${lease}|${createRevision}|${modRevision}`;
    });
    return this.#shards.idOf(text.join("\n"), () => stored);
  }
}

/** What a step compares and hangs its keys on. */
export function markerOf(client: string, lease: number): Marker {
  const key = `${client} ${lease}`;
  const { session } = requestOf(client);
  const marker = markers.get(key) ?? sessionMarker(session, leaseOf(client, lease), ttlMs);
  markers.set(key, marker);
  return marker;
}

const markers = new Map<string, Marker>();

/** Clients are called by one letter, and each counts its own leases. */
function leaseOf(client: string, lease: number): LeaseId {
  return BigInt(client.charCodeAt(0) * 16 + lease) as LeaseId;
}

/** Beside the keys of the shard: only places are told apart by when they were written. */
const revisionKey = "~";
const firstRevision = 1n;

function nextRevision(stored: Keys): bigint {
  return (stored.get(revisionKey)?.modRevision ?? firstRevision) + 1n;
}

function withRevision(stored: Keys, revision: bigint): Keys {
  const value = new Uint8Array();
  const kv = { key: revisionKey, value, createRevision: 1n, modRevision: revision, lease: 0n };
  return new Map(stored).set(revisionKey, kv);
}

function seenIn(stored: Keys) {
  const stateKv = stored.get(keys.state);
  const state = stateKv === undefined ? undefined : decodeState(stateKv.value);
  const { prefix, end } = keys.holders;
  const held = [...stored.values()].find(({ key }) => key >= prefix && key < end);
  const holder = held === undefined ? undefined : decodeHolder(held.value);
  return {
    ...(state === undefined ? {} : { state }),
    ...(held === undefined || holder === undefined
      ? {}
      : { holder: { grantId: held.key.slice(prefix.length) as GrantId, token: holder.token } }),
  };
}

function sameBytes(left: Uint8Array | undefined, right: Uint8Array): boolean {
  return left !== undefined && Buffer.compare(left, right) === 0;
}
