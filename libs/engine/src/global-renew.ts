import { sleep } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { RenewCommand } from "@holdfast/core/command/command";
import type { Confirmation, RenewOutcome } from "@holdfast/core/command/outcome";
import { isLocalToken } from "@holdfast/core/delegation/delegation-state";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import { survey } from "@holdfast/core/quorum/survey";
import { majority } from "@holdfast/core/quorum/votes";
import { DelegatedRenew, otherTtl } from "./delegated-renew.ts";
import { changingHands, type GlobalContext, noQuorum } from "./global-context.ts";
import type { GlobalRegister } from "./global-register.ts";
import type { GlobalRegisters } from "./global-registers.ts";
import { secondLatest } from "./global-view.ts";
import { isOwnSession } from "./own-session.ts";
import type { Call } from "./ports/lock-tier.ts";
import { SessionEverywhere } from "./session-everywhere.ts";

/**
 * Confirms global grants anew. For a grant with a ttl of its own this is its heartbeat; for one
 * under a session it tells where its liveness stands by now, and puts it where it is missing: a
 * region that was away when the lock was granted counts from then on.
 */
export class GlobalRenew {
  readonly #context: GlobalContext;
  readonly #registers: GlobalRegisters;
  readonly #delegated: DelegatedRenew;

  constructor(context: GlobalContext, registers: GlobalRegisters) {
    this.#context = context;
    this.#registers = registers;
    this.#delegated = new DelegatedRenew(context, registers);
  }

  async renew(command: RenewCommand, call: Call): Promise<RenewOutcome> {
    const { grantId, token, ttlMs } = command;
    if (isLocalToken(token)) return this.#delegated.renew(command, call);
    const { register } = this.#registers.of(command.lock);
    const { shows } = await register.look(2 * this.#context.farthestMs());
    const seen = survey(shows);
    if (shows.size < majority) return noQuorum(this.#names(shows), register.silences);
    const holder = (seen?.value ?? register.newest)?.holders.find(
      (each) => each.grantId === grantId,
    );
    if (holder === undefined || holder.token !== token) {
      return seen === undefined ? changingHands : notHeld;
    }
    if (ttlMs !== undefined && ttlMs !== holder.ttlMs) return otherTtl(holder.ttlMs);
    const met = { session: holder.session, ttlMs: holder.ttlMs };
    const session = new SessionEverywhere(this.#context, command.lock, met);
    if (isOwnSession(holder.session)) session.keepAlive();
    else session.meet();
    const showing = seen?.confirmed(grantId) ?? new Map();
    const confirmed = await session.confirmations(showing);
    const isMissing = confirmed.length < shows.size;
    const strengthened = isMissing
      ? await this.#attach(register, holder, session, call.deadlineMs)
      : undefined;
    const best = (strengthened?.length ?? 0) > confirmed.length ? strengthened : confirmed;
    if (best === undefined || best.length < majority) {
      return this.#refusal(best ?? [], shows, session) ?? lost;
    }
    return { kind: "renewed", validForMs: secondLatest(best), confirmed: best };
  }

  /**
   * Too few regions confirm it, and others were not heard that may: who is told that a grant is
   * lost gives it up. Undefined where it is lost whatever they would say.
   */
  #refusal(
    confirmed: readonly Confirmation[],
    shows: ReadonlyMap<number, unknown>,
    { silences }: SessionEverywhere,
  ): Failure | undefined {
    const heard = confirmed.map(({ lease }) => lease.region);
    const unheard = this.#context.regions.filter(({ region }, index) => {
      return !heard.includes(region) && (silences.has(region) || !shows.has(index));
    });
    return heard.length + unheard.length < majority ? undefined : noQuorum(heard, silences);
  }

  /** Its own session's request may put a grant's liveness where it does not stand. */
  async #attach(
    register: GlobalRegister,
    holder: GlobalHolder,
    session: SessionEverywhere,
    deadlineMs: number | undefined,
  ) {
    await session.settled();
    const { clock } = this.#context.surroundings;
    const isOver = () => deadlineMs !== undefined && clock.monotonicMs() >= deadlineMs;
    const acquire = { kind: "acquire", request: holder, wait: false, mayBeGranted: true } as const;
    const answer = await register.submit({ ...acquire, strengthen: true }, true, isOver);
    if (answer.kind !== "decided" || answer.outcome.kind !== "granted") return undefined;
    // It is chosen by the two nearest; the one that this is about answers a little later.
    await sleep(clock, 2 * this.#context.farthestMs());
    return session.confirmations(answer.confirmed(holder.grantId));
  }

  #names(shows: ReadonlyMap<number, unknown>): string[] {
    return [...shows.keys()].map((index) => this.#context.regions[index]?.region ?? "");
  }
}

const notHeld = failure(
  "NOT_HELD",
  "This grant does not hold the lock: it ended, or its token is wrong.",
);
const lost = failure(
  "LOST",
  "No two regions confirm the grant any more: its session has ended there. Ask for the lock again.",
);
