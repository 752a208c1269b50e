import { type Failure, failure } from "@holdfast/base/failure";
import type { GrantId, RequestId, SessionId } from "@holdfast/base/ids";
import { randomUuid } from "@holdfast/base/random";
import type { OpenSessionCommand } from "@holdfast/core/command/command";
import { bounded, type ClientCore } from "./client-core.ts";
import { persist } from "./persist.ts";
import { Session } from "./session.ts";

const clientClosed = failure("SHARD_UNAVAILABLE", "The client is closed; connect a new one.");

/** The sessions of one client: one for each distinct ttl, and more when one is full. */
export class SessionPool {
  readonly #core: ClientCore;
  /** Each session and the regions it is known in. */
  readonly #sessions = new Map<Session, Set<string>>();
  /** Openings under way, so that callers that come together share one. */
  readonly #opening = new Map<string, Promise<Failure | undefined>>();
  #closed = false;
  /** The one found last: with many that are full the search would be long. */
  #latest: Session | undefined;

  constructor(core: ClientCore) {
    this.#core = core;
  }

  /** Every session that lives. */
  get all(): Session[] {
    return [...this.#sessions.keys()];
  }

  /** A session that can take a lock of `region` right now. */
  find(ttlMs: number, region: string): Session | undefined {
    const fits = (session: Session | undefined) =>
      session?.ttlMs === ttlMs && session.open && this.#sessions.get(session)?.has(region);
    if (fits(this.#latest)) return this.#latest;
    for (const session of this.#sessions.keys()) {
      if (!fits(session)) continue;
      this.#latest = session;
      return session;
    }
    return undefined;
  }

  /**
   * Calls `take` with such a session, opening one, or making one known in `region`, where need be:
   * in the same turn in which it was found, or others would take its last place meanwhile.
   */
  async claim<T>(
    ttlMs: number,
    region: string,
    untilMs: number,
    take: (session: Session) => T,
  ): Promise<T | Failure> {
    const { clock } = this.#core.ports;
    for (;;) {
      const session = this.find(ttlMs, region);
      if (session !== undefined) return take(session);
      if (this.#closed) return clientClosed;
      const key = `${ttlMs} ${region}`;
      let opening = this.#opening.get(key);
      if (opening === undefined) {
        opening = this.#open(ttlMs, region, untilMs).finally(() => this.#opening.delete(key));
        this.#opening.set(key, opening);
      }
      // Whoever it was begun for may have longer.
      const leftMs = Math.max(0, untilMs - clock.monotonicMs());
      const problem = await bounded(this.#core, opening, leftMs, this.#core.link.trouble);
      if (problem !== undefined) return problem;
      if (clock.monotonicMs() >= untilMs) {
        return failure("SESSION_EXPIRED", "Every session opened so far has ended at once.");
      }
    }
  }

  /** It is introduced in `region` before it takes another lock there; false: it is over. */
  unlearn(session: Session, region: string): boolean {
    return this.#sessions.get(session)?.delete(region) ?? false;
  }

  /** Hears of a new router, of a lost answer, of what a router said unasked. */
  routerChanged(): void {
    for (const session of this.all) session.routerChanged();
  }

  wantList(): void {
    for (const session of this.all) session.wantList();
  }

  forceReleased(grantId: GrantId): void {
    for (const session of this.all) session.forceReleased(grantId);
  }

  ended(id: SessionId): void {
    for (const session of this.all) if (session.id === id) session.ended();
  }

  /** Ends every session and everything under it, trying until `untilMs`. */
  async close(untilMs: number): Promise<void> {
    const sessions = this.all;
    this.#closed = true;
    this.#latest = undefined;
    this.#sessions.clear();
    await Promise.all(sessions.map((session) => session.close(untilMs)));
  }

  /** Undefined: worth looking again for a session. */
  async #open(ttlMs: number, region: string, untilMs: number): Promise<Failure | undefined> {
    for (const [session, regions] of this.#sessions) {
      if (session.ttlMs !== ttlMs || !session.open) continue;
      return this.#introduce(session, regions, region, untilMs);
    }
    const { outcome, firstSentAt } = await this.#send({ region, ttlMs }, untilMs);
    if (outcome.kind === "failure" || firstSentAt === undefined) {
      return outcome.kind === "failure" ? outcome : this.#core.link.trouble;
    }
    // Nobody would ever close it; its lease ends by itself.
    if (this.#closed) return clientClosed;
    const session: Session = new Session(this.#core, outcome.session, ttlMs, () =>
      this.#retired(session),
    );
    session.beliefs.confirm(outcome.lease, firstSentAt, outcome.validForMs);
    this.#sessions.set(session, new Set([region]));
    return undefined;
  }

  /** Makes a session of one region known in another. */
  async #introduce(
    session: Session,
    regions: Set<string>,
    region: string,
    untilMs: number,
  ): Promise<Failure | undefined> {
    const { id, ttlMs } = session;
    const { outcome, firstSentAt } = await this.#send({ region, ttlMs, session: id }, untilMs);
    if (outcome.kind === "opened" && firstSentAt !== undefined) {
      session.beliefs.confirm(outcome.lease, firstSentAt, outcome.validForMs);
      regions.add(region);
      return undefined;
    }
    if (outcome.kind !== "failure") return this.#core.link.trouble;
    if (outcome.code !== "SESSION_EXPIRED") return outcome;
    session.retire();
    return undefined;
  }

  #send(open: Pick<OpenSessionCommand, "region" | "ttlMs" | "session">, untilMs: number) {
    // Guessing it would give a stranger the session, so it is random although nobody compares it.
    const requestId = randomUuid(this.#core.ports.random) as RequestId;
    return persist(this.#core, { kind: "open-session", requestId, ...open }, untilMs);
  }

  /** Nothing hangs on it any more: ended early, its leases do not linger for their ttl. */
  #retired(session: Session): void {
    if (!this.#sessions.delete(session)) return;
    void session.close(this.#core.ports.clock.monotonicMs() + session.ttlMs);
  }
}
