import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { type Ballot, printBallot, zeroBallot } from "@holdfast/core/quorum/ballot";
import type { Accepted } from "@holdfast/core/quorum/message";
import { emptyRegister, nextToken, type RegisterValue } from "@holdfast/core/quorum/register-value";
import { requestOf, sessionOf } from "@holdfast/core/quorum/testing/requests";
import type { Violation } from "@holdfast/simulator/history/run";
import { AcceptorTwin } from "../simulation/register/acceptor-twin.ts";
import { RegisterChecks } from "../simulation/register/register-checks.ts";
import { Interner } from "./interner.ts";
import { isSameBallot, type Vocabulary } from "./vocabulary.ts";

/** What one region keeps. */
export interface AcceptorState {
  readonly promised: Ballot;
  readonly accepted: Accepted | undefined;
  readonly live: readonly (readonly [GrantId, LeaseId])[];
  readonly leases: readonly (readonly [SessionId, LeaseId])[];
  readonly halfTrusted: boolean;
}

/** What came of a request, or of something that happened in a region. */
export interface Effect {
  readonly acceptor: number;
  readonly reply: number;
  /** The region accepted, for the first time under this ballot, while it had promised another. */
  readonly accepted?: { readonly accepted: Accepted; readonly promised: Ballot };
  readonly violation?: Violation;
}

/** Regions by what they keep. What each does with a request the real code works out, once. */
export class Acceptors {
  readonly #vocabulary: Vocabulary;
  readonly #states = new Interner<AcceptorState>();
  readonly #asked = new Map<number, Effect>();

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  at(id: number): AcceptorState {
    return this.#states.at(id);
  }

  /**
   * A region in which these sessions have a lease. It knows of nobody but the `holder`, whose grant
   * it has accepted.
   */
  fresh(sessions: readonly string[], holder: string | undefined): number {
    const twin = new AcceptorTwin();
    const leased = holder === undefined ? sessions : [...sessions, sessionOf(holder)];
    for (const [index, session] of leased.entries()) {
      twin.leases.set(session as SessionId, BigInt(index + 1) as LeaseId);
    }
    if (holder !== undefined) {
      const value = this.#vocabulary.same(heldBy(holder));
      twin.promised = heldBallot;
      twin.accepted = { ballot: heldBallot, value };
      for (const { grantId, session } of value.holders) {
        twin.live.set(grantId, twin.leases.get(session)!);
      }
    }
    return this.#idOf(twin);
  }

  ask(id: number, messageId: number): Effect {
    const key = id * 2 ** 24 + messageId;
    let effect = this.#asked.get(key);
    if (effect === undefined) {
      effect = this.#carryOut(id, messageId);
      this.#asked.set(key, effect);
    }
    return effect;
  }

  expire(id: number, session: SessionId): Effect {
    const twin = this.#twin(id);
    const lease = twin.leases.get(session);
    if (lease !== undefined) twin.endLease(session, lease);
    return this.#after(id, twin, -1);
  }

  /** Its leases are gone and it is trusted by half; the votes were copied back from the others. */
  wipe(id: number): Effect {
    const twin = this.#twin(id);
    twin.live.clear();
    twin.leases.clear();
    twin.halfTrusted = true;
    return this.#after(id, twin, -1);
  }

  #carryOut(id: number, messageId: number): Effect {
    const vocabulary = this.#vocabulary;
    const message = vocabulary.messages.at(messageId);
    const twin = this.#twin(id);
    const { promised, accepted } = twin;
    if (message.kind === "prepare") {
      const reply = twin.prepare(message.request);
      return this.#after(id, twin, vocabulary.replyId({ kind: "prepare", reply }));
    }
    const { request } = message;
    const reply = twin.accept(request);
    const effect = this.#after(id, twin, vocabulary.replyId({ kind: "accept", reply }));
    const now = twin.accepted;
    const isNew = isSameBallot(now?.ballot, request.ballot);
    if (now === undefined || !isNew || isUnchanged(now, accepted)) return effect;
    return { ...effect, accepted: { accepted: now, promised } };
  }

  #after(id: number, twin: AcceptorTwin, reply: number): Effect {
    const before = this.at(id);
    const checks = new RegisterChecks(
      () => 0,
      () => false,
    );
    checks.onKept(0, before.promised, before.accepted?.ballot);
    checks.onKept(0, twin.promised, twin.accepted?.ballot);
    const [violation] = checks.violations;
    const acceptor = this.#idOf(twin);
    return violation === undefined ? { acceptor, reply } : { acceptor, reply, violation };
  }

  #twin(id: number): AcceptorTwin {
    const { promised, accepted, live, leases, halfTrusted } = this.at(id);
    const twin = new AcceptorTwin();
    twin.promised = promised;
    twin.accepted = accepted;
    for (const [grantId, lease] of live) twin.live.set(grantId, lease);
    for (const [session, lease] of leases) twin.leases.set(session, lease);
    twin.halfTrusted = halfTrusted;
    return twin;
  }

  #idOf({ promised, accepted, live, leases, halfTrusted }: AcceptorTwin): number {
    const state = {
      promised,
      accepted,
      live: [...live].sort(byName),
      leases: [...leases].sort(byName),
      halfTrusted,
    };
    const value = accepted === undefined ? -1 : this.#vocabulary.valueId(accepted.value);
    const ballots = `${printBallot(promised)}/${printBallot(accepted?.ballot ?? zeroBallot)}`;
    const key = `${ballots}/${value}/${state.live}/${state.leases}/${halfTrusted}`;
    return this.#states.idOf(key, () => state);
  }
}

/** Under which the holder of the beginning got the lock. */
export const heldBallot: Ballot = { round: 1, proposer: 99, incarnation: 1 };

/** The value of a register that has been used some times, and that `holder` has now. */
export function heldBy(holder: string): RegisterValue {
  const token = nextToken(nextToken(nextToken(emptyRegister.token)));
  const holders = [{ ...requestOf(holder), token }];
  return { ...emptyRegister, token, holders, version: 3 };
}

/** Another value under the same ballot is news, even where nothing else is. */
function isUnchanged(now: Accepted, before: Accepted | undefined): boolean {
  return isSameBallot(now.ballot, before?.ballot) && now.value === before?.value;
}

function byName(left: readonly [string, bigint], right: readonly [string, bigint]): number {
  return left[0] < right[0] ? -1 : 1;
}
