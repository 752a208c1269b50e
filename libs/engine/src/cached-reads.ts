import { type Failure, isFailure } from "@holdfast/base/failure";
import type { GetCommand } from "@holdfast/core/command/command";
import type { GetOutcome, LockState } from "@holdfast/core/command/outcome";
import { CacheAside, type Guard, type Question } from "./cache-aside.ts";
import { CacheBreaker } from "./cache-breaker.ts";
import { floorMarkKey, lockEntryKey, namespaceMarkKey, pageEntryKey } from "./cache-keys.ts";
import { lockForm, pageForm } from "./cached-answer.ts";
import { isSite, locate } from "./local-context.ts";
import type { LocalLocks } from "./local-locks.ts";
import { type Cache, cacheLimits } from "./ports/cache.ts";
import type { ListPage, ListQuery } from "./ports/lock-tier.ts";
import type { Meter } from "./ports/meter.ts";

/** What cached reads are built from. */
export interface CachedReadsOptions {
  /** The name of the whole installation: several may share one cache. */
  readonly cluster: string;
  readonly local: LocalLocks;
  readonly cache: Cache;
  readonly meter: Meter;
}

/**
 * Reads of this region's locks by way of a cache, for who can do with what was true a moment ago.
 * Nothing that decides about a lock comes here. The journal marks in the cache what has changed
 * (cache-keeper.ts); where it does not, answers are but {@link answerAgeMaxMs} old at the most.
 */
export class CachedReads {
  readonly #cluster: string;
  readonly #local: LocalLocks;
  readonly #aside: CacheAside;

  constructor({ cluster, local, cache, meter }: CachedReadsOptions) {
    this.#cluster = cluster;
    this.#local = local;
    const { surroundings } = local.context;
    const guarded = new CacheBreaker(cache, surroundings.clock, meter);
    this.#aside = new CacheAside(guarded, surroundings, meter);
  }

  /** As the shard would answer, or would have a moment ago. */
  async get(command: GetCommand): Promise<GetOutcome> {
    const { lock } = command;
    const site = locate(this.#local.context, lock);
    if (!isSite(site)) return site;
    const shard = site.shard.name;
    const of = { cluster: this.#cluster, region: this.#local.context.region, shard };
    const question: Question<LockState> = {
      call: "get",
      key: lockEntryKey(of, lock),
      guards: [{ shard, key: floorMarkKey(of) }],
      form: lockForm,
      ask: async () => {
        const state = await this.#local.get(command);
        if (isFailure(state)) return state;
        return { answer: state, seen: new Map([[state.shard, state.revision]]) };
      },
      rank: ({ answer }) => answer.revision,
    };
    return this.#aside.answer(question);
  }

  /** As the shards would answer, or would have a moment ago; each page by itself. */
  async list(query: ListQuery): Promise<ListPage | Failure> {
    const { region, shards } = this.#local.context;
    const names = [...shards.keys()];
    const guards = names.flatMap((shard): Guard[] => {
      const of = { cluster: this.#cluster, region, shard };
      const keys = [floorMarkKey(of), namespaceMarkKey(of, query.namespace)];
      return keys.map((key) => ({ shard, key }));
    });
    // A region of more shards than one look into the cache can judge is read as it is.
    if (guards.length >= cacheLimits.keysMax) return this.#local.list(query);
    return this.#aside.answer<ListPage>({
      call: "list",
      key: pageEntryKey({ cluster: this.#cluster, region }, names, query),
      guards,
      form: pageForm,
      ask: () => this.#local.listSeen(query),
      // Of several shards no revision orders two answers; the time of reading does well enough,
      // for an answer that is wrongly kept is found out by the marks.
      rank: (_, readAtMs) => BigInt(Math.max(0, Math.floor(readAtMs))),
    });
  }
}
