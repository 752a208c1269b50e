import { type Failure, isFailure } from "@holdfast/base/failure";
import type { SessionId } from "@holdfast/base/ids";
import { randomId } from "@holdfast/base/random";
import { AbandonedSessions } from "./abandoned-sessions.ts";
import { type BeatenLease, DelegationSession, type SessionBeats } from "./delegation-session.ts";
import { answerMs, type GlobalContext } from "./global-context.ts";
import type { GlobalRegister } from "./global-register.ts";
import { isSite, locate } from "./local-context.ts";
import type { GlobalLockId, RegionLease } from "./ports/voting-region.ts";
import { delegationTtlMs, RegionDelegation } from "./region-delegation.ts";

/**
 * The delegations of one coordinator: those of a shard hang on one session, so that a shard that is
 * away or has lost its data takes no delegation of another one with it.
 */
export class Delegations {
  readonly #context: GlobalContext;
  /** By shard. */
  readonly #sessions = new Map<string, DelegationSession<GlobalLockId>>();
  /** Of other coordinators, by id. */
  readonly #others = new Map<SessionId, DelegationSession<GlobalLockId>>();
  readonly #abandoned = new AbandonedSessions();

  constructor(context: GlobalContext) {
    this.#context = context;
  }

  of(register: GlobalRegister): RegionDelegation {
    return new RegionDelegation({
      context: this.#context,
      register,
      session: () => this.#sessionFor(register.lock),
      sessionOf: ({ session, ttlMs }) => this.#adopted(session, ttlMs),
      wasAbandoned: (session) => this.#abandoned.has(session),
    });
  }

  /** The shard's session, until it must be left to end. */
  #sessionFor(lock: GlobalLockId): DelegationSession<GlobalLockId> {
    const { region, local, surroundings } = this.#context;
    const site = locate(local, { ...lock, region });
    const shard = isSite(site) ? site.shard.name : "";
    const known = this.#sessions.get(shard);
    if (known?.isUsable) return known;
    const id = randomId(surroundings.random) as SessionId;
    const session = this.#newSession(id, delegationTtlMs);
    this.#sessions.set(shard, session);
    return session;
  }

  /** Of another coordinator, kept alive from here too while a delegation of its is used here. */
  #adopted(id: SessionId, ttlMs: number): DelegationSession<GlobalLockId> {
    const all = [...this.#sessions.values(), ...this.#others.values()];
    const known = all.find((each) => each.id === id && !each.isAbandoned);
    if (known !== undefined) return known;
    for (const [other, session] of this.#others) {
      if (session.isAbandoned || session.isUnused) this.#others.delete(other);
    }
    const session = this.#newSession(id, ttlMs);
    this.#others.set(id, session);
    return session;
  }

  #newSession(id: SessionId, ttlMs: number): DelegationSession<GlobalLockId> {
    const { region, regions, surroundings } = this.#context;
    const home = regions.findIndex((each) => each.region === region);
    const { clock } = surroundings;
    const onAbandoned = (left: SessionId) => this.#abandoned.note(left);
    const beats = this.#beats(ttlMs);
    return new DelegationSession({ id, ttlMs, home, beats, clock, onAbandoned });
  }

  #beats(ttlMs: number): SessionBeats<GlobalLockId> {
    const { regions } = this.#context;
    return {
      meet: (region, lock, session, answer) => {
        const met = regions[region]?.meet(lock, { session, ttlMs }, answerMs);
        void met?.then((lease) => answer(beaten(lease)));
      },
      keepAlive: (region, lock, session, answer) => {
        const kept = regions[region]?.keepAlive(lock, session, answerMs);
        void kept?.then((lease) => answer(beaten(lease)));
      },
    };
  }
}

function beaten(lease: RegionLease | Failure): BeatenLease | undefined {
  return isFailure(lease) ? undefined : lease;
}
