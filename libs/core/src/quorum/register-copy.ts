import { invariant } from "@holdfast/base/invariant";
import { epochIs } from "../lock/epoch.ts";
import type { KeyRange } from "../lock/keys.ts";
import {
  absent,
  type Compare,
  type KeyValue,
  type Op,
  type Txn,
  type TxnResult,
} from "../txn/txn.ts";
import { decodeGeneration, generationIs } from "./acceptor.ts";
import { ballotBytes } from "./ballot.ts";
import { incarnationIs } from "./claim-txn.ts";
import type { OtherGeneration } from "./message.ts";
import { decodeAccepted } from "./register-codec.ts";
import { generationKey, registerKeys } from "./register-keys.ts";

/**
 * What a region keeps of one register, as the bytes that it stores: what is copied need not be
 * understood, and what a newer version wrote is not lost.
 */
export interface RegisterCopy {
  /** 0 to 4,095. */
  readonly slot: number;
  readonly namespace: string;
  readonly name: string;
  /** 16 bytes: the highest ballot promised. */
  readonly promised: Uint8Array;
  /** The accepted ballot, 16 bytes, and its value; absent: nothing was accepted. */
  readonly accepted?: Uint8Array;
}

/** Some registers of a shard, and the key at which the next ones begin; absent: there are none. */
export interface CopiedPage {
  readonly kind: "page";
  readonly copies: readonly RegisterCopy[];
  readonly next?: string;
}

/** A register whose bytes are no vote; they are left for somebody to look at. */
export interface Unreadable {
  readonly kind: "unreadable";
  readonly key: string;
}

/**
 * Reads registers at exactly that generation: read at a lower one, a vote could still be given
 * that the copy lacks [H4]. `limit`: keys, more than one register has (18).
 */
export function readCopiesTxn(generation: number, range: KeyRange, limit: number): Txn {
  return {
    compares: [generationIs(generation)],
    success: [{ kind: "range", key: range.prefix, rangeEnd: range.end, limit }],
    failure: [{ kind: "range", key: generationKey }],
  };
}

/** Reads the answer of {@link readCopiesTxn}. */
export function readCopies({
  succeeded,
  results,
}: TxnResult): CopiedPage | OtherGeneration | Unreadable {
  const [range] = results;
  invariant(range?.kind === "range", "a read answers with a range");
  if (!succeeded) return { kind: "other-generation", generation: decodeGeneration(range) };
  const { kvs, count } = range;
  const registers = byRegister(kvs);
  let next: string | undefined;
  if (count > kvs.length) {
    // The page may end in the middle of its last register.
    const [stem] = [...registers.keys()].slice(-1);
    invariant(stem !== undefined && registers.size > 1, "a page is longer than a register");
    registers.delete(stem);
    next = stem;
  }
  const copies: RegisterCopy[] = [];
  for (const [stem, own] of registers) {
    const copy = copyOf(stem, own);
    if (copy === undefined) return { kind: "unreadable", key: stem };
    copies.push(copy);
  }
  return { kind: "page", copies, ...(next === undefined ? {} : { next }) };
}

/**
 * Writes a copy into a shard that gives no votes: the promise and the accepted value each rise to
 * the copy's, or stay. So copies of two regions, of an earlier try and of a second coordinator may
 * come in any order, and what a slow one brings after the shard votes again changes nothing.
 */
export function keepCopyTxn(incarnation: string, epoch: number, copy: RegisterCopy): Txn {
  const keys = registerKeys(copy.slot, copy.namespace, copy.name);
  const ops = [riseTo(keys.promised, copy.promised)];
  if (copy.accepted !== undefined) ops.push(riseTo(keys.accepted, copy.accepted));
  return {
    compares: [epochIs(epoch), incarnationIs(incarnation), absent(generationKey)],
    success: ops,
    failure: [],
  };
}

/** A stored ballot and what follows it sorts before every higher ballot. */
function riseTo(key: string, bytes: Uint8Array): Op {
  const put: Op = { kind: "put", key, value: bytes, lease: 0n };
  const ballot = bytes.subarray(0, ballotBytes);
  const isLower: Compare = { target: "value", key, op: "<", value: ballot };
  const create: Txn = { compares: [absent(key)], success: [put], failure: [] };
  return {
    kind: "txn",
    txn: { compares: [isLower], success: [put], failure: [{ kind: "txn", txn: create }] },
  };
}

function byRegister(kvs: readonly KeyValue[]): Map<string, KeyValue[]> {
  const registers = new Map<string, KeyValue[]>();
  for (const kv of kvs) {
    const stem = kv.key.slice(0, kv.key.indexOf("\0") + 1);
    const own = registers.get(stem);
    if (own === undefined) registers.set(stem, [kv]);
    else own.push(kv);
  }
  return registers;
}

function copyOf(stem: string, own: readonly KeyValue[]): RegisterCopy | undefined {
  const parts = /^g\/([0-9a-f]{3})\/([^/]+)\/(.+)\/\0$/s.exec(stem);
  const [, slot, namespace, name] = parts ?? [];
  const bytesAt = (key: string) => own.find((kv) => kv.key === stem + key)?.value;
  const [promised, accepted] = [bytesAt("p"), bytesAt("a")];
  if (slot === undefined || namespace === undefined || name === undefined) return undefined;
  if (promised?.length !== ballotBytes) return undefined;
  if (accepted !== undefined && accepted.length <= ballotBytes) return undefined;
  const base = { slot: Number.parseInt(slot, 16), namespace, name, promised };
  return accepted === undefined ? base : { ...base, accepted };
}

/** The longest ttl of those a copy names, in milliseconds; `unreadableMs` where it names nobody. */
export function longestTtlMs({ accepted }: RegisterCopy, unreadableMs: number): number {
  if (accepted === undefined) return 0;
  const value = decodeAccepted(accepted)?.value;
  if (value === undefined) return unreadableMs;
  return Math.max(0, ...[...value.holders, ...value.waiters].map(({ ttlMs }) => ttlMs));
}
