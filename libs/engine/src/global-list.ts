import { type Failure, failure } from "@holdfast/base/failure";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { decodeAccepted } from "@holdfast/core/quorum/register-codec";
import { lockOfAccepted, registersRange } from "@holdfast/core/quorum/register-keys";
import type { KeyValue } from "@holdfast/core/txn/txn";
import { globalTenant } from "./global-view.ts";
import type { LocalContext } from "./local-context.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import type { ListPage, ListQuery } from "./ports/lock-tier.ts";
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
    let bytes = 0;
    for (let looked = 0; position !== undefined && looked < looksMax; ) {
      const chunk = await this.#read(position);
      if (!Array.isArray(chunk)) return chunk;
      looked += chunk.length;
      for (const kv of chunk) {
        position = { ...position, after: kv.key };
        locks.push(...this.#holdersIn(kv, query));
        bytes += kv.key.length + kv.value.length;
        // A register's holders stay together: a page may be a few locks longer than asked for.
        if (locks.length >= query.pageSize || bytes >= pageBytesMax) return page(locks, position);
      }
      if (chunk.length < chunkMax) position = this.#next(position);
    }
    return page(locks, position);
  }

  #holdersIn(kv: KeyValue, query: ListQuery): ListPage["locks"][number][] {
    const lock = lockOfAccepted(kv.key);
    if (lock === undefined || lock.namespace !== query.namespace) return [];
    if (!lock.name.startsWith(query.prefix)) return [];
    const nowMs = this.#context.surroundings.clock.wallMs();
    const holders = decodeAccepted(kv.value)?.value.holders ?? [];
    return holders.map((holder) => ({
      lock: { region: globalRegion, ...lock },
      holder: globalTenant(holder, nowMs),
    }));
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
