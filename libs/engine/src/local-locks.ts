import { type Failure, failure } from "@holdfast/base/failure";
import { unreachable } from "@holdfast/base/invariant";
import type { AcquireCommand, Command, GetCommand } from "@holdfast/core/command/command";
import type { GetOutcome, Outcome } from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import type { Hash64 } from "@holdfast/core/placement/slot";
import { Abandoned } from "./abandoned.ts";
import { Heartbeats } from "./heartbeats.ts";
import { LocalAcquire } from "./local-acquire.ts";
import { isSite, type LocalContext, locate } from "./local-context.ts";
import { LocalList, type SeenPage } from "./local-list.ts";
import { LocalRead } from "./local-read.ts";
import { LocalRelease } from "./local-release.ts";
import { LocalRenew } from "./local-renew.ts";
import { LocalWait } from "./local-wait.ts";
import { LocalWatch } from "./local-watch.ts";
import { LocalWithdraw } from "./local-withdraw.ts";
import { LockQueues } from "./lock-queues.ts";
import { LockSites } from "./lock-site.ts";
import { Placements } from "./placements.ts";
import type { Call, ListPage, ListQuery, WatchQuery } from "./ports/lock-tier.ts";
import { SessionLeases } from "./session-leases.ts";
import { Sessions } from "./sessions.ts";
import type { Shard, Surroundings } from "./shard.ts";
import { UnsettledAcquires } from "./unsettled-acquires.ts";

/** What the local tier of one region is built from. */
export interface LocalLocksOptions {
  /** The name of the whole installation. */
  readonly cluster: string;
  readonly region: string;
  readonly shards: readonly Shard[];
  readonly hash: Hash64;
  readonly surroundings: Surroundings;
}

/** The local tier of one region: everything a router does without leaving it. */
export class LocalLocks {
  readonly context: LocalContext;
  readonly abandoned: Abandoned;
  readonly #acquire: LocalAcquire;
  readonly #release: LocalRelease;
  readonly #renew: LocalRenew;
  readonly #read: LocalRead;
  readonly #list: LocalList;
  readonly #watch: LocalWatch;
  readonly #heartbeats: Heartbeats;

  constructor({ cluster, region, shards: list, hash, surroundings }: LocalLocksOptions) {
    const shards = new Map(list.map((shard) => [shard.name, shard]));
    const placements = new Placements(cluster, region, shards, surroundings);
    const sessionLeases = new SessionLeases(surroundings, (shard) => placements.refusalOf(shard));
    const sessions = new Sessions(shards, sessionLeases, surroundings);
    const queues = new LockQueues(
      surroundings,
      (site) => {
        const now = locate(this.context, site.lock);
        return isSite(now) ? now : undefined;
      },
      () => void placements.refresh(),
    );
    this.context = {
      region,
      hash,
      shards,
      sites: new LockSites(hash, shards),
      placements,
      sessions,
      sessionLeases,
      queues,
      unsettled: new UnsettledAcquires(surroundings.clock),
      surroundings,
    };
    this.#release = new LocalRelease(this.context);
    this.abandoned = new Abandoned(surroundings);
    const withdraw = new LocalWithdraw(this.context);
    const wait = new LocalWait(this.context, withdraw, this.abandoned);
    this.#acquire = new LocalAcquire(this.context, wait, withdraw, this.abandoned);
    this.#renew = new LocalRenew(this.context);
    this.#read = new LocalRead(this.context);
    this.#list = new LocalList(this.context);
    this.#watch = new LocalWatch(this.context);
    this.#heartbeats = new Heartbeats(region, shards, sessions, sessionLeases);
  }

  start(): Promise<void> {
    return this.context.placements.start();
  }

  /** Some lock of the region can be served. */
  get isReady(): boolean {
    return this.context.placements.isReady;
  }

  stop(): void {
    this.context.placements.stop();
    this.context.queues.stop();
    this.abandoned.stop();
  }

  execute(command: Command, call: Call): Promise<Outcome> {
    switch (command.kind) {
      case "acquire":
        if (command.scope === "global") return Promise.resolve(noGlobalTier);
        return this.#acquire.acquire(command, call);
      case "release":
        return this.#release.release(command, call.deadlineMs);
      case "renew":
        return this.#renew.renew(command, call.deadlineMs);
      case "cancel":
        return this.#release.cancel(command, call.deadlineMs);
      case "get":
        return this.get(command);
      case "force-release":
        return this.#read.forceRelease(command, call.deadlineMs);
      case "open-session":
        return this.context.sessions.open(command, call.deadlineMs);
      case "heartbeat":
        return this.#heartbeats.answer(command);
      case "close-session":
        return this.context.sessions.close(command, call.deadlineMs);
      default:
        return unreachable(command);
    }
  }

  /** Takes a request back in the background, unless a repeat of it was told of its grant. */
  abandon(command: AcquireCommand): void {
    this.#acquire.abandon(command);
  }

  /** Who holds the lock and who waits for it, read linearizably. */
  get(command: GetCommand): Promise<GetOutcome> {
    return this.#read.get(command);
  }

  async list(query: ListQuery): Promise<ListPage | Failure> {
    const listed = await this.#list.list(query);
    return "kind" in listed ? listed : listed.answer;
  }

  /** As {@link list}, with the revision of each shard that the page shows at least. */
  listSeen(query: ListQuery): Promise<SeenPage | Failure> {
    return this.#list.list(query);
  }

  watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined> {
    return this.#watch.watch(query, listener, call.cancellation);
  }
}

const noGlobalTier = failure(
  "UNIMPLEMENTED",
  "Locks of GLOBAL scope are not built yet: this version decides locks inside one region only. " +
    "Use LOCAL scope.",
);
