import { isFailure } from "@holdfast/base/failure";
import type { HeartbeatCommand, SessionLease } from "@holdfast/core/command/command";
import type { HeartbeatOutcome, HeldEntry, LeaseAnswer } from "@holdfast/core/command/outcome";
import { parseKey } from "@holdfast/core/lock/keys";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { parseGrantKey } from "@holdfast/core/quorum/register-keys";
import type { SessionLeaseState, SessionLeases } from "./session-leases.ts";
import { isLeases, type Sessions } from "./sessions.ts";
import type { Shard } from "./shard.ts";

/**
 * Answers the heartbeats of clients. This is the only place from which a session's lease is kept
 * alive: were the router to do it on a timer of its own, the locks of a dead client would live as
 * long as the router does.
 */
export class Heartbeats {
  readonly #region: string;
  readonly #shards: ReadonlyMap<string, Shard>;
  readonly #sessions: Sessions;
  readonly #leases: SessionLeases;

  constructor(
    region: string,
    shards: ReadonlyMap<string, Shard>,
    sessions: Sessions,
    leases: SessionLeases,
  ) {
    this.#region = region;
    this.#shards = shards;
    this.#sessions = sessions;
    this.#leases = leases;
  }

  /** Confirms the leases the client names, or all of the session where it names none. */
  answer(command: HeartbeatCommand): Promise<HeartbeatOutcome> {
    const known = this.#sessions.knownLeasesOf(command.session);
    const [only] = command.leases;
    const isOnly = only !== undefined && command.leases.length === 1 && known?.size === 1;
    // The usual heartbeat, by far: one lease, and the session has no other.
    if (isOnly && known.get(only.shard)?.marker.lease === only.leaseId) {
      return this.#answerOne(command, only, known.get(only.shard));
    }
    return this.#answerAll(command);
  }

  async #answerOne(
    command: HeartbeatCommand,
    only: SessionLease,
    known: SessionLeaseState | undefined,
  ): Promise<HeartbeatOutcome> {
    return { kind: "heartbeat", leases: [await this.#confirm(command, only, known)] };
  }

  async #answerAll(command: HeartbeatCommand): Promise<HeartbeatOutcome> {
    const known = await this.#sessions.leasesOf(command.session);
    if (!isLeases(known)) {
      if (known.code !== "SESSION_EXPIRED" || command.leases.length === 0) return known;
      return { kind: "heartbeat", leases: command.leases.map(lost) };
    }
    const asked = new Set(command.leases.map(printLease));
    // A request that waits has had no answer yet, so its client cannot name the lease that its
    // place hangs on: without this the place would end after one ttl.
    const found = this.#nameAll(known).filter((lease) => !asked.has(printLease(lease)));
    const leases = await Promise.all(
      [...command.leases, ...found].map((lease) =>
        this.#confirm(command, lease, known.get(lease.shard)),
      ),
    );
    return { kind: "heartbeat", leases };
  }

  #nameAll(known: ReadonlyMap<string, SessionLeaseState>): SessionLease[] {
    return [...known].map(([shard, { marker }]) => ({
      region: this.#region,
      shard,
      leaseId: marker.lease,
    }));
  }

  async #confirm(
    command: HeartbeatCommand,
    asked: SessionLease,
    known: SessionLeaseState | undefined,
  ): Promise<LeaseAnswer> {
    const shard = this.#shards.get(asked.shard);
    if (shard === undefined || asked.region !== this.#region) return unanswered(asked);
    // Only what disagrees with this router's memory is worth a look, and a step, more.
    const agrees = known?.marker.lease === asked.leaseId;
    const lease = agrees ? known : await this.#current(command, asked, known, shard);
    if (lease === "unknown") return unanswered(asked);
    // A lease that is not the session's current one has ended: ids are never reused, so it cannot
    // come back, and nothing under it can.
    if (lease === undefined) return lost(asked);
    const validForMs = await this.#leases.keepAlive(lease, shard);
    if (validForMs === undefined) return unanswered(asked);
    if (validForMs === 0) {
      this.#sessions.forget(command.session);
      return lost(asked);
    }
    // Met through its name: from now on it costs one call, as those the router found by itself.
    if (lease !== known) this.#sessions.learn(command.session, asked.shard, lease);
    const answer = { lease: asked, validForMs, unknown: false };
    if (!command.list) return answer;
    const held = await this.#list(lease, shard);
    return held === undefined ? answer : { ...answer, held };
  }

  /**
   * The state of exactly the asked lease, which is not what this router remembers: its memory may
   * be older than the lease. A client that names a lease that is not its own gets nothing.
   */
  async #current(
    command: HeartbeatCommand,
    asked: SessionLease,
    known: SessionLeaseState | undefined,
    shard: Shard,
  ): Promise<SessionLeaseState | undefined | "unknown"> {
    const found = await this.#leases.find(command.session, shard);
    if (found === undefined) return undefined;
    if (isFailure(found)) return "unknown";
    if (known !== undefined) this.#sessions.forget(command.session);
    return found.marker.lease === asked.leaseId ? found : undefined;
  }

  async #list(lease: SessionLeaseState, shard: Shard): Promise<HeldEntry[] | undefined> {
    const reply = await shard.store.leaseKeys(lease.marker.lease);
    if (reply.kind !== "lease") return undefined;
    const held: HeldEntry[] = [];
    for (const key of reply.keys) {
      const global = parseGrantKey(key);
      if (global !== undefined) {
        const { namespace, name, grantId } = global;
        const kind = global.kind === "q" ? "waiter" : "holder";
        held.push({ kind, lock: { region: globalRegion, namespace, name }, grantId });
        continue;
      }
      const parsed = parseKey(key);
      if (parsed === undefined || parsed.kind === "t" || parsed.kind === "f") continue;
      const { namespace, name, grantId } = parsed;
      const lock = { region: this.#region, namespace, name };
      held.push({ kind: parsed.kind === "q" ? "waiter" : "holder", lock, grantId });
    }
    return held;
  }
}

function printLease({ region, shard, leaseId }: SessionLease): string {
  return `${region}/${shard}/${leaseId}`;
}

function lost(lease: SessionLease): LeaseAnswer {
  return { lease, validForMs: 0, unknown: false };
}

function unanswered(lease: SessionLease): LeaseAnswer {
  return { lease, validForMs: 0, unknown: true };
}
