import { type Failure, failure } from "@holdfast/base/failure";
import { parseKey } from "@holdfast/core/lock/keys";
import type { KeyValue } from "@holdfast/core/txn/txn";
import type { LocalContext } from "./local-context.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import type { ListPage, ListQuery } from "./ports/lock-tier.ts";
import { storeFailure } from "./shard.ts";
import { tenantOf } from "./tenant.ts";

/** Keys read from a shard at once; a page goes on reading until it is full. */
const chunkMax = 500;
/** Keys one page may look at: a rare prefix must not make one call walk a whole region. */
const looksMax = 20_000;
/** Stored bytes of one page: a thousand holders with all their metadata fit no message. */
const pageBytesMax = 1024 * 1024;

/** Where a page begins: after `after` among the keys of `kind` in the shard. */
interface Position {
  readonly shard: string;
  readonly kind: "x" | "s";
  readonly after: string;
}

/** A page, and what it shows. */
export interface SeenPage {
  readonly answer: ListPage;
  /** By shard that was looked into, the lowest revision at which that was done. */
  readonly seen: ReadonlyMap<string, bigint>;
}

/** Lists holders by prefix, shard after shard in key order; each page is a linearizable read. */
export class LocalList {
  readonly #context: LocalContext;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  async list(query: ListQuery): Promise<SeenPage | Failure> {
    let position = this.#start(query.pageToken);
    if (position === "invalid") {
      return failure("INVALID_ARGUMENT", "This page token is not one that List gave out.", {
        field: "page_token",
      });
    }
    const locks: ListPage["locks"][number][] = [];
    const seen = new Map<string, bigint>();
    let bytes = 0;
    for (let looked = 0; position !== undefined && looked < looksMax; ) {
      const chunk = await this.#read(position, seen);
      if (!Array.isArray(chunk)) return chunk;
      looked += chunk.length;
      for (const kv of chunk) {
        position = { ...position, after: kv.key };
        const entry = this.#match(kv, query);
        if (entry === undefined) continue;
        locks.push(entry);
        bytes += kv.key.length + kv.value.length;
        if (locks.length === query.pageSize || bytes >= pageBytesMax) {
          return { answer: page(locks, position), seen };
        }
      }
      if (chunk.length < chunkMax) position = this.#next(position);
    }
    return { answer: page(locks, position), seen };
  }

  #match(kv: KeyValue, query: ListQuery): ListPage["locks"][number] | undefined {
    const parsed = parseKey(kv.key);
    if (parsed === undefined || parsed.namespace !== query.namespace) return undefined;
    if (!parsed.name.startsWith(query.prefix)) return undefined;
    const { namespace, name } = parsed;
    return {
      lock: { region: this.#context.region, namespace, name },
      holder: tenantOf(kv, this.#context.surroundings.clock.wallMs()),
    };
  }

  async #read(position: Position, seen: Map<string, bigint>): Promise<KeyValue[] | Failure> {
    const shard = this.#context.shards.get(position.shard);
    if (shard === undefined) return [];
    const refusal = this.#context.placements.refusalOf(shard);
    if (refusal !== undefined) return refusal;
    const reply = await shard.store.range({
      kind: "range",
      key: position.after === "" ? `${position.kind}/` : `${position.after}\0`,
      rangeEnd: `${position.kind}0`,
      limit: chunkMax,
    });
    if (reply.kind !== "read") return storeFailure(shard, reply);
    // Of several reads of one shard the first: what changed before the second may be missing.
    if (!seen.has(shard.name)) seen.set(shard.name, reply.revision);
    return [...reply.range.kvs];
  }

  #start(pageToken: string): Position | undefined | "invalid" {
    const names = [...this.#context.shards.keys()];
    const [first] = names;
    if (pageToken === "") {
      return first === undefined ? undefined : { shard: first, kind: "x", after: "" };
    }
    const [shard = "", kind, after = ""] = decodePageToken(pageToken, 3) ?? [];
    const known = names.includes(shard) && (kind === "x" || kind === "s");
    return known ? { shard, kind, after } : "invalid";
  }

  #next(position: Position): Position | undefined {
    if (position.kind === "x") return { ...position, kind: "s", after: "" };
    const names = [...this.#context.shards.keys()];
    const shard = names[names.indexOf(position.shard) + 1];
    return shard === undefined ? undefined : { shard, kind: "x", after: "" };
  }
}

function page(locks: ListPage["locks"], position: Position | undefined): ListPage {
  if (position === undefined) return { kind: "page", locks, nextPageToken: "" };
  const { shard, kind, after } = position;
  return { kind: "page", locks, nextPageToken: encodePageToken(shard, kind, after) };
}
