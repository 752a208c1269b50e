import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import { invariant } from "@holdfast/base/invariant";
import type {
  AcquireCommand,
  CloseSessionCommand,
  Command,
  HeartbeatCommand,
  SessionLease,
} from "@holdfast/core/command/command";
import type {
  AcquireOutcome,
  CloseSessionOutcome,
  HeartbeatOutcome,
  LeaseAnswer,
  Outcome,
  OutcomeOf,
} from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { acquireMany } from "./acquire-many.ts";
import type { CachedReads } from "./cached-reads.ts";
import type { LocalLocks } from "./local-locks.ts";
import type {
  AcquireManyOutcome,
  AcquireManyRequest,
  Call,
  ListPage,
  ListQuery,
  LockTier,
  WatchQuery,
} from "./ports/lock-tier.ts";

/**
 * Calls go from the client's router to the lock's region, or to a coordinator, and no further: a
 * router passes on only what came from a client.
 */
const hopsMax = 1;

/** What a router is built from. */
export interface RouterOptions {
  readonly local: LocalLocks;
  /** The routers of the other regions, by region. */
  readonly peers: ReadonlyMap<string, LockTier>;
  /** The coordinators of this region; absent where there are none. */
  readonly global?: LockTier;
  /** Reads by way of a cache; absent where there is none: every read is then linearizable. */
  readonly cached?: CachedReads;
}

/**
 * Sends each command where it is decided: to this region's shards, to another region's router, or,
 * for a lock of all regions, to a coordinator of this one.
 * It keeps no state of its own, so any router serves any lock.
 */
export class Router implements LockTier {
  readonly #local: LocalLocks;
  readonly #peers: ReadonlyMap<string, LockTier>;
  readonly #cached: CachedReads | undefined;

  constructor({ local, peers, global, cached }: RouterOptions) {
    invariant(!peers.has(globalRegion), "no region is called global");
    this.#local = local;
    this.#cached = cached;
    this.#peers = global === undefined ? peers : new Map([...peers, [globalRegion, global]]);
  }

  /** The region this router decides for. */
  get region(): string {
    return this.#local.context.region;
  }

  execute<C extends Command>(command: C, call: Call): Promise<OutcomeOf<C>> {
    return this.#route(command, call) as Promise<OutcomeOf<C>>;
  }

  #route(command: Command, call: Call): Promise<Outcome> {
    if (command.kind === "heartbeat") return this.#heartbeat(command, call);
    if (command.kind === "close-session") return this.#close(command, call);
    const region = command.kind === "open-session" ? command.region : command.lock.region;
    if (region !== this.region) return this.#forward(region, command, call);
    const mayBeCached = command.kind === "get" && command.consistency === "cached";
    if (mayBeCached && this.#cached !== undefined) return this.#cached.get(command);
    return this.#local.execute(command, call);
  }

  async #forward(region: string, command: Command, call: Call): Promise<Outcome> {
    const peer = this.#peerFor(region, call);
    if ("code" in peer) return peer;
    const outcome = await peer.execute(command, onward(call));
    const unmet = outcome.kind === "failure" && outcome.code === "SESSION_EXPIRED";
    if (!unmet || command.kind !== "acquire") return outcome;
    // The session may live here, and that region has not met it yet.
    const met = await this.#introduce(peer, command, call);
    if (met === "unknown-here") return outcome;
    return met === "met" ? peer.execute(command, onward(call)) : met;
  }

  /** Makes the session of a request that lives here known in the lock's region too. */
  async #introduce(
    peer: LockTier,
    { session, requestId, lock: { region } }: AcquireCommand,
    call: Call,
  ): Promise<"met" | "unknown-here" | Failure> {
    if (session === undefined) return "unknown-here";
    const ttlMs = await this.#local.context.sessions.ttlMsOf(session);
    if (typeof ttlMs !== "number") return "unknown-here";
    const command = { kind: "open-session", region, ttlMs, requestId, session } as const;
    const opened = await peer.execute(command, onward(call));
    return opened.kind === "opened" ? "met" : opened;
  }

  async list(query: ListQuery, call: Call): Promise<ListPage | Failure> {
    if (query.region === this.region) {
      const cached = query.consistency === "cached" ? this.#cached : undefined;
      return (cached ?? this.#local).list(query);
    }
    const peer = this.#peerFor(query.region, call);
    return "code" in peer ? peer : peer.list(query, onward(call));
  }

  async watch(
    query: WatchQuery,
    listener: (event: LockEvent) => void,
    call: Call,
  ): Promise<Failure | undefined> {
    if (query.region === this.region) return this.#local.watch(query, listener, call);
    const peer = this.#peerFor(query.region, call);
    return "code" in peer ? peer : peer.watch(query, listener, onward(call));
  }

  async acquireMany(request: AcquireManyRequest, call: Call): Promise<AcquireManyOutcome> {
    const region = request.acquires[0]?.lock.region ?? this.region;
    invariant(
      request.acquires.every(({ lock }) => lock.region === region),
      "the locks of one request lie in one region",
    );
    if (region !== this.region) {
      return { kind: "many", outcomes: await this.#forwardMany(region, request, call) };
    }
    const tier = {
      execute: <C extends Command>(command: C, each: Call) => this.execute(command, each),
      abandon: (acquire: AcquireCommand) => this.#local.abandon(acquire),
    };
    return acquireMany(tier, request, call);
  }

  /**
   * Goes there whole: at most two round trips instead of one a lock, and the region that decides
   * also gives back what was taken in vain, or for a caller that is gone. What it was told of and
   * nobody here hears any more is left to its lease, as for a single lock.
   */
  async #forwardMany(
    region: string,
    request: AcquireManyRequest,
    call: Call,
  ): Promise<readonly AcquireOutcome[]> {
    const peer = this.#peerFor(region, call);
    const { acquires } = request;
    if ("code" in peer) return acquires.map(() => peer);
    // First, not after a refusal: all or nothing would have given back by then what it took under
    // another session, and a repeat of what was given back is refused for good.
    const bySession = new Map(acquires.map((acquire) => [acquire.session, acquire]));
    const met = await Promise.all(
      [...bySession.values()].map((acquire) => this.#introduce(peer, acquire, call)),
    );
    const trouble = met.find((answer) => typeof answer !== "string");
    if (trouble !== undefined) return acquires.map(() => trouble);
    const outcome = await peer.acquireMany(request, onward(call));
    // One answer that was lost leaves every lock in doubt; one refusal refuses them all.
    return isFailure(outcome) ? acquires.map(() => outcome) : outcome.outcomes;
  }

  /** Each region confirms its own leases; one that cannot be reached says nothing about them. */
  async #heartbeat(command: HeartbeatCommand, call: Call): Promise<HeartbeatOutcome> {
    const byRegion = groupByRegion(command.leases, this.region);
    if (byRegion.size === 1 && byRegion.has(this.region)) {
      return this.#local.execute(command, call) as Promise<HeartbeatOutcome>;
    }
    const answers = await Promise.all(
      [...byRegion].map(async ([region, leases]): Promise<readonly LeaseAnswer[]> => {
        const outcome = await this.#inRegion(region, { ...command, leases }, call);
        return outcome.kind === "heartbeat" ? outcome.leases : leases.map(unanswered);
      }),
    );
    return { kind: "heartbeat", leases: answers.flat() };
  }

  /** A close must reach every region the session has a lease in: else its locks there live on. */
  async #close(command: CloseSessionCommand, call: Call): Promise<CloseSessionOutcome> {
    const byRegion = groupByRegion(command.leases, this.region);
    byRegion.set(this.region, byRegion.get(this.region) ?? []);
    const outcomes = await Promise.all(
      [...byRegion].map(([region, leases]) => this.#inRegion(region, { ...command, leases }, call)),
    );
    return outcomes.find((outcome) => outcome.kind === "failure") ?? { kind: "closed" };
  }

  async #inRegion<C extends HeartbeatCommand | CloseSessionCommand>(
    region: string,
    command: C,
    call: Call,
  ): Promise<OutcomeOf<C>> {
    if (region === this.region) return this.#local.execute(command, call) as Promise<OutcomeOf<C>>;
    const peer = this.#peerFor(region, call);
    return "code" in peer ? (peer as OutcomeOf<C>) : peer.execute(command, onward(call));
  }

  #peerFor(region: string, call: Call): LockTier | Failure {
    const peer = this.#peers.get(region);
    if (peer === undefined && region === globalRegion) return noCoordinator;
    if (peer === undefined) {
      const known = [this.region, ...this.#peers.keys()].join(", ");
      return failure(
        "INVALID_ARGUMENT",
        `There is no region ${JSON.stringify(region)} here; the regions are ${known}.`,
        { field: "region" },
      );
    }
    if (call.hops < hopsMax) return peer;
    return failure(
      "SHARD_UNAVAILABLE",
      `The call was forwarded to ${this.region} but is for ${region}: the routers' lists of regions ` +
        "do not agree.",
      { retryAfterMs: 1_000 },
    );
  }
}

const noCoordinator = failure(
  "UNIMPLEMENTED",
  "This router has no coordinator, so it offers no locks of GLOBAL scope: set HOLDFAST_COORDINATORS " +
    "(npm start does, with three regions over etcd), or use LOCAL scope.",
);

function onward(call: Call): Call {
  return { ...call, hops: call.hops + 1 };
}

function unanswered(lease: SessionLease): LeaseAnswer {
  return { lease, validForMs: 0, unknown: true };
}

function groupByRegion(
  leases: readonly SessionLease[],
  ownRegion: string,
): Map<string, SessionLease[]> {
  const byRegion = new Map<string, SessionLease[]>();
  if (leases.length === 0) byRegion.set(ownRegion, []);
  for (const lease of leases) {
    const group = byRegion.get(lease.region);
    if (group === undefined) byRegion.set(lease.region, [lease]);
    else group.push(lease);
  }
  return byRegion;
}
