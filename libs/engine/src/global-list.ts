import { type Failure, failure } from "@holdfast/base/failure";
import { decodeHolder } from "@holdfast/core/delegation/local-record";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { decodeAccepted } from "@holdfast/core/quorum/register-codec";
import { lockOfAccepted, parseGrantKey, registersRange } from "@holdfast/core/quorum/register-keys";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { globalTenant } from "./global-view.ts";
import type { LocalContext } from "./local-context.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import type { ListPage, ListQuery } from "./ports/lock-tier.ts";
import type { GlobalLockId } from "./ports/voting-region.ts";
import { storeFailure } from "./shard.ts";

/** Keys read from a shard at once; three of them make a register. */
const chunkMax = 500;
/** Keys one page may look at: a rare prefix must not make one call walk a whole region. */
const looksMax = 20_000;
/** Stored bytes of one page. */
const pageBytesMax = 1024 * 1024;

interface Position {
  readonly shard: string;
  readonly after: string;
}

/**
 * Lists the holders of global locks as this region knows them: it may be a change behind the two
 * others. Shard after shard, in key order.
 */
export class GlobalList {
  readonly #context: LocalContext;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  async list(query: ListQuery): Promise<ListPage | Failure> {
    let position = this.#start(query.pageToken);
    if (position === "invalid") {
      return failure("INVALID_ARGUMENT", "This page token is not one that List gave out.", {
        field: "page_token",
      });
    }
    const locks: ListPage["locks"][number][] = [];
    const reading = new HolderReading(this.#context, query);
    let bytes = 0;
    for (let looked = 0; position !== undefined && looked < looksMax; ) {
      const chunk = await this.#read(position);
      if (!Array.isArray(chunk)) return chunk;
      looked += chunk.length;
      for (const kv of chunk) {
        position = { ...position, after: kv.key };
        locks.push(...reading.holdersIn(kv));
        bytes += kv.key.length + kv.value.length;
        // A register's holders stay together: a page may be a few locks longer than asked for.
        if (locks.length >= query.pageSize || bytes >= pageBytesMax) return page(locks, position);
      }
      if (chunk.length < chunkMax) position = this.#next(position);
    }
    return page(locks, position);
  }

  async #read({ shard: name, after }: Position): Promise<KeyValue[] | Failure> {
    const shard = this.#context.shards.get(name);
    if (shard === undefined) return [];
    const refusal = this.#context.placements.refusalOf(shard);
    if (refusal !== undefined) return refusal;
    const reply = await shard.store.range({
      kind: "range",
      key: after === "" ? registersRange.prefix : `${after}\0`,
      rangeEnd: registersRange.end,
      limit: chunkMax,
    });
    return reply.kind === "read" ? [...reply.range.kvs] : storeFailure(shard, reply);
  }

  #start(pageToken: string): Position | undefined | "invalid" {
    const names = [...this.#context.shards.keys()];
    const [first] = names;
    if (pageToken === "") return first === undefined ? undefined : { shard: first, after: "" };
    const [shard = "", after = ""] = decodePageToken(pageToken, 2) ?? [];
    return names.includes(shard) ? { shard, after } : "invalid";
  }

  #next({ shard }: Position): Position | undefined {
    const names = [...this.#context.shards.keys()];
    const next = names[names.indexOf(shard) + 1];
    return next === undefined ? undefined : { shard: next, after: "" };
  }
}

function page(locks: ListPage["locks"], position: Position | undefined): ListPage {
  if (position === undefined) return { kind: "page", locks, nextPageToken: "" };
  const { shard, after } = position;
  return { kind: "page", locks, nextPageToken: encodePageToken(shard, after) };
}

/** Reads holders out of a shard's keys, one after the other. */
class HolderReading {
  readonly #context: LocalContext;
  readonly #query: ListQuery;
  /** The lock whose register was read last, and whether it is delegated to this region. */
  #last: { readonly lock: string; readonly isDelegatedHere: boolean } | undefined;

  constructor(context: LocalContext, query: ListQuery) {
    this.#context = context;
    this.#query = query;
  }

  holdersIn({ key, value }: KeyValue): ListPage["locks"][number][] {
    const register = lockOfAccepted(key);
    if (register !== undefined) {
      const holders = decodeAccepted(value)?.value.holders ?? [];
      const { region } = this.#context;
      const isDelegatedHere = holders.some((each) => each.delegation && each.region === region);
      this.#last = { lock: nameOf(register), isDelegatedHere };
      // Who has it by delegation is said by a key that follows.
      return isDelegatedHere ? [] : this.#entries(register, holders);
    }
    const grant = parseGrantKey(key);
    if (grant?.kind !== "h") return [];
    const isRegisterKnown = this.#last?.lock === nameOf(grant);
    const holder = decodeHolder(value);
    // Left over from a delegation that has ended, it means nothing. A page may begin in between.
    if (holder === undefined || (isRegisterKnown && !this.#last?.isDelegatedHere)) return [];
    return this.#entries(grant, [{ ...holder.request, token: holder.token }]);
  }

  #entries({ namespace, name }: GlobalLockId, holders: readonly GlobalHolder[]) {
    const { namespace: wanted, prefix } = this.#query;
    if (namespace !== wanted || !name.startsWith(prefix)) return [];
    const nowMs = this.#context.surroundings.clock.wallMs();
    const lock = { region: globalRegion, namespace, name };
    return holders.map((holder) => ({ lock, holder: globalTenant(holder, nowMs) }));
  }
}

function nameOf({ namespace, name }: GlobalLockId): string {
  return `${namespace}/${name}`;
}
