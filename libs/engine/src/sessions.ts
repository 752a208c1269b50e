import { utf8 } from "@holdfast/base/bytes";
import { digest132 } from "@holdfast/base/digest";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import { type GrantId, maskSession, type SessionId } from "@holdfast/base/ids";
import type { CloseSessionCommand, OpenSessionCommand } from "@holdfast/core/command/command";
import type { CloseSessionOutcome, OpenSessionOutcome } from "@holdfast/core/command/outcome";
import { limits } from "@holdfast/core/limits";
import { closedKey } from "@holdfast/core/lock/keys";
import { byDeadline, isPast } from "./deadline.ts";
import type { SessionLeaseState, SessionLeases } from "./session-leases.ts";
import { printShard, type Shard, type Surroundings, storeFailure } from "./shard.ts";

/** How long the trace of a closed session stands for a journal to read. */
const closedTraceMs = 60_000;
/** How often the grants of a session that seems full are counted in the shards, at most. */
const recountPauseMs = 1_000;

/** A session has no place left for another lock. */
export const tooManyLocks = failure(
  "QUOTA_EXCEEDED",
  `A session holds or waits for at most ${limits.locksPerSessionMax} locks. Release some, or use ` +
    "another session.",
  { field: "session_id", retryAfterMs: 1_000 },
);

/** What one session is known to have, at this router. */
interface KnownSession {
  readonly ttlMs: number;
  readonly leases: Map<string, SessionLeaseState>;
  readonly settling: Map<string, Promise<SessionLeaseState | Failure>>;
  /** Requests under way that are not among the grants of a lease yet. */
  readonly asking: Set<GrantId>;
  /** When its grants were last counted in the shards. */
  recountedAtMs: number;
  seenAtMs: number;
}

/**
 * Sessions over the shards of one region. A session is nothing but its leases and the markers that
 * name them; this is a memory of them, and any router can build it again from the shards.
 */
export class Sessions {
  readonly #shards: ReadonlyMap<string, Shard>;
  readonly #surroundings: Surroundings;
  readonly #leases: SessionLeases;
  readonly #known = new Map<SessionId, KnownSession>();
  readonly #adopting = new Map<SessionId, Promise<KnownSession | Failure>>();
  #sweepAt = 4_096;

  constructor(
    shards: ReadonlyMap<string, Shard>,
    leases: SessionLeases,
    surroundings: Surroundings,
  ) {
    this.#shards = shards;
    this.#surroundings = surroundings;
    this.#leases = leases;
  }

  /** Sessions this router remembers. */
  get size(): number {
    return this.#known.size;
  }

  /** Sessions whose lease in the shard may be believed in; looks at all that are remembered. */
  livingIn(shard: string): number {
    const nowMs = this.#surroundings.clock.monotonicMs();
    let living = 0;
    for (const { leases } of this.#known.values()) {
      const lease = leases.get(shard);
      if (lease !== undefined && lease.validUntilMs > nowMs) living++;
    }
    return living;
  }

  /** A repeat with the same request id finds the same session. */
  async open(command: OpenSessionCommand, deadlineMs?: number): Promise<OpenSessionOutcome> {
    const { clock } = this.#surroundings;
    const session = sessionIdOf(command);
    let trouble: Failure | undefined;
    for (const shard of this.#homesOf(session)) {
      const known = this.#remember(session, command.ttlMs);
      const lease = await byDeadline(clock, deadlineMs, this.#settle(session, known, shard));
      if (lease.kind !== "session-lease") {
        trouble = isFailure(lease) ? lease : storeFailure(shard, lease);
        if (isPast(clock, deadlineMs)) break;
        continue;
      }
      return {
        kind: "opened",
        session,
        ttlMs: known.ttlMs,
        lease: { region: shard.region, shard: shard.name, leaseId: lease.marker.lease },
        validForMs: this.#leases.validForMs(lease),
      };
    }
    this.#known.delete(session);
    return trouble ?? failure("SHARD_UNAVAILABLE", "This region has no shards.");
  }

  /** The session's lease in a shard as this router remembers it. */
  knownLeaseIn(session: SessionId, shard: string): SessionLeaseState | undefined {
    const known = this.#known.get(session);
    if (known !== undefined) known.seenAtMs = this.#surroundings.clock.monotonicMs();
    return known?.leases.get(shard);
  }

  /**
   * The session's lease in a shard, made if it has none there; single-flight. A failure where the
   * shards have not answered by `deadlineMs`, on the monotonic clock.
   */
  async leaseIn(
    session: SessionId,
    shard: Shard,
    deadlineMs?: number,
  ): Promise<SessionLeaseState | Failure> {
    const { clock } = this.#surroundings;
    const lease = await byDeadline(clock, deadlineMs, this.#leaseIn(session, shard));
    return lease.kind === "unavailable" ? storeFailure(shard, lease) : lease;
  }

  /**
   * The session's lease in a shard, made if it has none there: whoever calls this knows that the
   * session lives, and for how long at a time.
   */
  settleIn(session: SessionId, ttlMs: number, shard: Shard): Promise<SessionLeaseState | Failure> {
    return this.#settle(session, this.#remember(session, ttlMs), shard);
  }

  async #leaseIn(session: SessionId, shard: Shard): Promise<SessionLeaseState | Failure> {
    const known = this.#known.get(session) ?? (await this.#adopt(session));
    if (isKnown(known)) {
      known.seenAtMs = this.#surroundings.clock.monotonicMs();
      return known.leases.get(shard.name) ?? this.#settle(session, known, shard);
    }
    return known;
  }

  /** All leases the session has, by shard, as this router remembers them. */
  knownLeasesOf(session: SessionId): ReadonlyMap<string, SessionLeaseState> | undefined {
    const known = this.#known.get(session);
    if (known !== undefined) known.seenAtMs = this.#surroundings.clock.monotonicMs();
    return known?.leases;
  }

  /** All leases the session has, by shard; looks in the shards where this router knows nothing. */
  async leasesOf(session: SessionId): Promise<ReadonlyMap<string, SessionLeaseState> | Failure> {
    const known = this.#known.get(session) ?? (await this.#adopt(session));
    if (!isKnown(known)) return known;
    known.seenAtMs = this.#surroundings.clock.monotonicMs();
    return known.leases;
  }

  /** A lease of the session, named by the shard's marker, proved to be alive. */
  learn(session: SessionId, shard: string, lease: SessionLeaseState): void {
    const known = this.#known.get(session);
    // What was learned meanwhile is newer.
    if (known !== undefined && !known.leases.has(shard)) known.leases.set(shard, lease);
  }

  /** The session's ttl, if this router or a shard knows it. */
  async ttlMsOf(session: SessionId): Promise<number | Failure> {
    const known = this.#known.get(session) ?? (await this.#adopt(session));
    return isKnown(known) ? known.ttlMs : known;
  }

  /**
   * What was believed of the session proved wrong: look in the shards again before the next use.
   */
  forget(session: SessionId): void {
    this.#known.delete(session);
  }

  /** A grant or a place of the session came to be through this router. */
  count(session: SessionId, shard: string, grantId: GrantId): void {
    this.#known.get(session)?.leases.get(shard)?.grants.add(grantId);
  }

  /** A grant or a place of the session ended through this router. */
  discount(session: SessionId, shard: string, grantId: GrantId): void {
    this.#known.get(session)?.leases.get(shard)?.grants.delete(grantId);
  }

  /**
   * Takes one of the session's places for a request that is about to be asked for; false where it
   * has none left. Taken before the answer, or requests that come together would all find room.
   */
  reserve(session: SessionId, grantId: GrantId): boolean {
    const known = this.#known.get(session);
    if (known === undefined) return true;
    let held = known.asking.size;
    for (const lease of known.leases.values()) {
      // A repeat is counted already; counted twice, a client that repeats all of its waits after a
      // change of router would find half of its places gone.
      if (lease.grants.has(grantId)) return true;
      held += lease.grants.size;
    }
    if (held >= limits.locksPerSessionMax && !known.asking.has(grantId)) return false;
    known.asking.add(grantId);
    return true;
  }

  /** The request has its answer: what it holds or waits for is counted with its lease. */
  unreserve(session: SessionId, grantId: GrantId): void {
    this.#known.get(session)?.asking.delete(grantId);
  }

  /**
   * Counts the session's grants in the shards: what was released through another router, or taken
   * away, is still counted here. At most once in {@link recountPauseMs}.
   */
  async recount(session: SessionId): Promise<void> {
    const known = this.#known.get(session);
    const nowMs = this.#surroundings.clock.monotonicMs();
    if (known === undefined || nowMs - known.recountedAtMs < recountPauseMs) return;
    known.recountedAtMs = nowMs;
    await Promise.all(
      [...known.leases].map(async ([name, lease]) => {
        const shard = this.#shards.get(name);
        if (shard !== undefined) await this.#leases.recount(lease, shard);
      }),
    );
  }

  /**
   * Ends the session in every shard that can be reached, also where one cannot: what is left there
   * ends with its lease, and the failure says so. A shard that has not answered by `deadlineMs`
   * goes on being closed, unheard.
   */
  async close(command: CloseSessionCommand, deadlineMs?: number): Promise<CloseSessionOutcome> {
    const { session } = command;
    const { clock } = this.#surroundings;
    const troubles = await Promise.all(
      this.#shardsToClose(command).map(async (shard) => {
        const trouble = await byDeadline(clock, deadlineMs, this.#closeIn(session, shard));
        return trouble?.kind === "unavailable"
          ? storeFailure(shard, { ...trouble, kind: "unknown" })
          : trouble;
      }),
    );
    this.#known.delete(session);
    return troubles.find((trouble) => trouble !== undefined) ?? { kind: "closed" };
  }

  /**
   * The shards the client names and those this router knows of. Neither knows all: another router
   * may have made a lease since. Where one of them says nothing, every shard is asked.
   */
  #shardsToClose({ session, leases }: CloseSessionCommand): Shard[] {
    const known = this.#known.get(session);
    const shards = [...this.#shards.values()];
    if (known === undefined || leases.length === 0) return shards;
    const named = new Set([...known.leases.keys(), ...leases.map(({ shard }) => shard)]);
    return shards.filter(({ name }) => named.has(name));
  }

  async #closeIn(session: SessionId, shard: Shard): Promise<Failure | undefined> {
    // What the shard says, not what is remembered: the session may have a newer lease there.
    const lease = await this.#leases.leaseIdIn(session, shard);
    if (lease === undefined || typeof lease === "object") return lease;
    await this.#leaveTrace(shard, session);
    const reply = await shard.store.revokeLease(lease);
    return reply.kind === "revoked" ? undefined : storeFailure(shard, reply);
  }

  /**
   * Lets a journal tell a close from an expiry. Without it the close is carried out all the same.
   */
  async #leaveTrace(shard: Shard, session: SessionId): Promise<void> {
    const lease = await shard.pool.leaseFor(closedTraceMs);
    if (lease.kind !== "lease") return;
    const key = closedKey(session);
    await shard.committer.submit(
      {
        compares: [],
        success: [{ kind: "put", key, value: utf8("closed"), lease: lease.marker.lease }],
        failure: [],
      },
      key,
    );
  }

  #settle(
    session: SessionId,
    known: KnownSession,
    shard: Shard,
  ): Promise<SessionLeaseState | Failure> {
    const settled = known.leases.get(shard.name);
    if (settled !== undefined) return Promise.resolve(settled);
    const running = known.settling.get(shard.name);
    if (running !== undefined) return running;
    const settling = this.#leases.settle(session, known.ttlMs, shard).then((lease) => {
      known.settling.delete(shard.name);
      if (!isFailure(lease)) known.leases.set(shard.name, lease);
      return lease;
    });
    known.settling.set(shard.name, settling);
    return settling;
  }

  /**
   * Looks a bare session id up in all shards, once however many ask. What a look finds serves all;
   * that it found nothing says so only to those who asked before it began: the session may have got
   * a lease since (simulation seed 5763).
   */
  async #adopt(session: SessionId): Promise<KnownSession | Failure> {
    const running = await this.#adopting.get(session);
    if (running !== undefined && isKnown(running)) return running;
    // Whoever began another look meanwhile began it after we asked: it may be shared.
    return this.#adopting.get(session) ?? this.#look(session);
  }

  #look(session: SessionId): Promise<KnownSession | Failure> {
    const looking = this.#probe(session).finally(() => this.#adopting.delete(session));
    this.#adopting.set(session, looking);
    return looking;
  }

  async #probe(session: SessionId): Promise<KnownSession | Failure> {
    const shards = [...this.#shards.values()];
    const found = await Promise.all(shards.map((shard) => this.#leases.find(session, shard)));
    let known: KnownSession | undefined;
    for (const [index, lease] of found.entries()) {
      const shard = shards[index];
      if (lease === undefined || isFailure(lease) || shard === undefined) continue;
      known ??= this.#remember(session, lease.ttlMs);
      if (!known.leases.has(shard.name)) known.leases.set(shard.name, lease);
    }
    if (known !== undefined) return known;
    // A shard that does not answer may be the one that knows the session: not a definite answer.
    const trouble = found.find((lease) => lease !== undefined && isFailure(lease));
    if (trouble !== undefined) return trouble as Failure;
    return failure(
      "SESSION_EXPIRED",
      `Session ${maskSession(session)} does not live in any shard of this region ` +
        `(${shards.map(printShard).join(", ")}): it has ended, was closed or was never opened. ` +
        "Open a new one.",
      {
        ...(shards.length === 1 && shards[0] !== undefined ? { shard: printShard(shards[0]) } : {}),
      },
    );
  }

  #remember(session: SessionId, ttlMs: number): KnownSession {
    const known = this.#known.get(session);
    if (known !== undefined) return known;
    const fresh: KnownSession = {
      ttlMs,
      leases: new Map(),
      settling: new Map(),
      asking: new Set(),
      recountedAtMs: Number.NEGATIVE_INFINITY,
      seenAtMs: this.#surroundings.clock.monotonicMs(),
    };
    this.#known.set(session, fresh);
    if (this.#known.size > this.#sweepAt) this.#sweep();
    return fresh;
  }

  /** Forgets sessions that went silent; what still lives of them is in the shards. */
  #sweep(): void {
    const nowMs = this.#surroundings.clock.monotonicMs();
    for (const [session, known] of this.#known) {
      if (nowMs - known.seenAtMs > 2 * known.ttlMs) this.#known.delete(session);
    }
    this.#sweepAt = Math.max(4_096, 2 * this.#known.size);
  }

  /** All shards, beginning with one that follows from the session, so that sessions spread. */
  #homesOf(session: SessionId): Shard[] {
    const shards = [...this.#shards.values()];
    let sum = 0;
    for (let index = 0; index < session.length; index++) sum += session.charCodeAt(index);
    const first = shards.length === 0 ? 0 : sum % shards.length;
    return [...shards.slice(first), ...shards.slice(0, first)];
  }
}

/**
 * The session that an open makes or makes known: a repeat with the same request id means the same.
 */
export function sessionIdOf({ session, requestId }: OpenSessionCommand): SessionId {
  return session ?? (digest132(`session\0${requestId}`) as SessionId);
}

function isKnown(known: KnownSession | Failure): known is KnownSession {
  return "leases" in known;
}

/** Tells a session's leases from the reason there are none. */
export function isLeases(
  leases: ReadonlyMap<string, SessionLeaseState> | Failure,
): leases is ReadonlyMap<string, SessionLeaseState> {
  return leases instanceof Map;
}
