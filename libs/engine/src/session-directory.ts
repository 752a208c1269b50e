import { type Failure, failure } from "@holdfast/base/failure";
import { maskSession } from "@holdfast/base/ids";
import { parseSessionMarker } from "@holdfast/core/lease/marker";
import { parseKey } from "@holdfast/core/lock/keys";
import type { KeyValue } from "@holdfast/core/txn/txn";
import type { LocalContext } from "./local-context.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import type { SessionStatus, SessionsPage, SessionsQuery } from "./ports/admin-tier.ts";
import { type Shard, storeFailure } from "./shard.ts";

const markers = { prefix: "v/", end: "v0" };
/** Leases asked about at once. */
const askedAtOnceMax = 32;

/** Lists the sessions that live in a region, from the markers in its shards. */
export class SessionDirectory {
  readonly #context: LocalContext;

  constructor(context: LocalContext) {
    this.#context = context;
  }

  async page(query: SessionsQuery): Promise<SessionsPage | Failure> {
    const names = [...this.#context.shards.keys()].sort();
    const first = [names[0] ?? "", ""];
    const position = query.pageToken === "" ? first : decodePageToken(query.pageToken, 2);
    const [from = "", past = ""] = position ?? [];
    let after = past;
    const start = names.indexOf(from);
    if (start < 0) {
      return failure("INVALID_ARGUMENT", "This page token is not one that was given out here.", {
        field: "page_token",
      });
    }
    const sessions: SessionStatus[] = [];
    for (const name of names.slice(start)) {
      const shard = this.#context.shards.get(name);
      if (shard === undefined) continue;
      const found = await this.#read(shard, after, query.pageSize - sessions.length);
      if (!Array.isArray(found)) return found;
      sessions.push(...(await describe(shard, found)));
      const last = found.at(-1);
      if (sessions.length >= query.pageSize && last !== undefined) {
        return { kind: "sessions", sessions, nextPageToken: encodePageToken(name, last.key) };
      }
      after = "";
    }
    return { kind: "sessions", sessions, nextPageToken: "" };
  }

  /** Markers of sessions; those of pooled leases lie between them and are passed over. */
  async #read(shard: Shard, after: string, wanted: number): Promise<KeyValue[] | Failure> {
    const found: KeyValue[] = [];
    let key = after === "" ? markers.prefix : `${after}\0`;
    while (found.length < wanted) {
      const reply = await shard.store.range({
        kind: "range",
        key,
        rangeEnd: markers.end,
        limit: wanted,
      });
      if (reply.kind !== "read") return storeFailure(shard, reply);
      found.push(...reply.range.kvs.filter((kv) => parseSessionMarker(kv) !== undefined));
      const last = reply.range.kvs.at(-1);
      if (last === undefined || reply.range.kvs.length < wanted) break;
      key = `${last.key}\0`;
    }
    return found.slice(0, wanted);
  }
}

async function describe(shard: Shard, found: readonly KeyValue[]): Promise<SessionStatus[]> {
  const sessions: SessionStatus[] = [];
  for (let at = 0; at < found.length; at += askedAtOnceMax) {
    const group = found.slice(at, at + askedAtOnceMax);
    sessions.push(...(await Promise.all(group.map((kv) => describeOne(shard, kv)))));
  }
  return sessions;
}

async function describeOne(shard: Shard, kv: KeyValue): Promise<SessionStatus> {
  const lease = parseSessionMarker(kv)?.lease;
  const state = lease === undefined ? undefined : await shard.store.leaseKeys(lease);
  const known = state?.kind === "lease" ? state : { remainingS: 0, keys: [] };
  const kinds = known.keys.map((key) => parseKey(key)?.kind);
  return {
    maskedId: maskSession(kv.key.slice(markers.prefix.length)),
    shard: shard.name,
    remainingMs: Math.max(0, known.remainingS) * 1000,
    holderCount: kinds.filter((kind) => kind === "x" || kind === "s").length,
    waiterCount: kinds.filter((kind) => kind === "q").length,
  };
}
