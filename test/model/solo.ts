import { type Ballot, compareBallots, zeroBallot } from "@holdfast/core/quorum/ballot";
import type { RegisterOutcome } from "@holdfast/core/quorum/register-command";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import { majority } from "@holdfast/core/quorum/votes";
import type { Violation } from "@holdfast/simulator/history/run";
import type { Model, State } from "./model.ts";
import type { Turn } from "./proposers.ts";
import { grantOf, regions } from "./scope.ts";

/** Attempts in which one that is alone must be answered: the first may learn that it is too low. */
const attemptsMax = 2;

/** Something that one client does while everybody else is still. */
export type SoloStep =
  | { readonly kind: "deliver"; readonly region: number; readonly message: number }
  | { readonly kind: "turn"; readonly turn: Turn; readonly before: number };

/** A client that is left alone, and what became of it. */
export interface Solo {
  readonly violation: Violation;
  readonly client: number;
  readonly steps: readonly SoloStep[];
}

/**
 * Liveness: whatever has happened, a client that is left alone with two regions is answered (L1),
 * and with three is not told that the lock is held by somebody who is gone from two of them (L2).
 */
export class Solos {
  readonly #model: Model;
  /** Of each proposer's state, the regions with which it was seen to be answered. */
  readonly #answered: Set<number>[][] = [];

  constructor(model: Model) {
    this.#model = model;
  }

  /** What goes wrong for some client that is left alone in `state`. */
  check(state: State): Solo | undefined {
    const { scope, columns, proposers } = this.#model;
    const a = columns.at(state[0]!).acceptor;
    const b = columns.at(state[1]!).acceptor;
    const c = columns.at(state[2]!).acceptor;
    for (const [client, { jobs }] of scope.clients.entries()) {
      const proposer = state[regions.length + client]!;
      if (proposers.at(proposer).job >= jobs.length) continue;
      const answered = this.#answeredIn(client, proposer);
      if (answered.has(tripleOf(a, b, c))) continue;
      const fewer = [pairOf(b, c), pairOf(a, c), pairOf(a, b)];
      for (const [silent, key] of [...fewer, tripleOf(a, b, c)].entries()) {
        if (answered.has(key)) continue;
        const solo = this.#run(client, proposer, [a, b, c], silent < regions.length ? silent : -1);
        if (solo !== undefined) return solo;
        answered.add(key);
      }
    }
    return undefined;
  }

  #answeredIn(client: number, proposer: number): Set<number> {
    this.#answered[client] ??= [];
    const known = this.#answered[client]!;
    known[proposer] ??= new Set();
    return known[proposer]!;
  }

  #run(client: number, first: number, from: readonly number[], silent: number): Solo | undefined {
    const acceptors = [...from];
    const steps: SoloStep[] = [];
    const name = grantOf(this.#model.scope.clients[client]!).grantId;
    let seen: Ballot | undefined;
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const turn = this.#model.proposers.again(client, first, seen);
      const found = this.#follow(client, first, turn, acceptors, silent, steps);
      if (found === "answered") return undefined;
      if (found !== "unanswered") return found;
      seen = this.#highest(acceptors, silent);
    }
    const where = silent < 0 ? "" : ` while R${silent + 1} is silent`;
    const message = `${name}, left alone${where}, is not answered in ${attemptsMax} attempts`;
    return { violation: { checker: "L1", atMs: 0, message }, client, steps };
  }

  /** Delivers everything that one attempt says, in every order in which it may hear. */
  #follow(
    client: number,
    before: number,
    turn: Turn,
    acceptors: number[],
    silent: number,
    steps: SoloStep[],
  ): "answered" | "unanswered" | Solo {
    steps.push({ kind: "turn", turn, before });
    if (turn.answer !== undefined) {
      const { kind } = turn.answer;
      return kind === "unknown" || kind === "contended" ? "unanswered" : "answered";
    }
    const livingIn = this.#livingIn(acceptors);
    const answers = regions.map((region): number[] => {
      const message = turn.requests[region]!;
      if (region === silent || message < 0) return [];
      const effect = this.#model.acceptors.ask(acceptors[region]!, message);
      acceptors[region] = effect.acceptor;
      steps.push({ kind: "deliver", region, message });
      return [effect.reply];
    });
    const heard = [[], [], []];
    // A region that has promised more than was asked says nothing of who lives.
    const isHeard = silent < 0 && answers.flat().every((reply) => this.#isPromise(reply));
    let result: "answered" | "unanswered" | Solo = "unanswered";
    for (const next of this.#model.proposers.hear(client, turn.proposer, answers, heard)) {
      // The third region answers in time.
      if (silent < 0 && next.inputs.includes("hesitated")) continue;
      const own = [...steps];
      const wrong = isHeard ? this.#refusedByGone(next.answer, livingIn) : undefined;
      if (wrong !== undefined) {
        own.push({ kind: "turn", turn: next, before: turn.proposer });
        return { violation: wrong, client, steps: own };
      }
      // One that begins anew by itself has used this attempt up.
      if (next.why === "hears" && isAnother(next)) continue;
      const then = this.#follow(client, turn.proposer, next, [...acceptors], silent, own);
      if (then !== "answered") return this.#keep(steps, own, then);
      result = "answered";
    }
    return result;
  }

  #isPromise(reply: number): boolean {
    return this.#model.vocabulary.replies.at(reply).reply.kind === "promised";
  }

  #keep<T>(steps: SoloStep[], own: readonly SoloStep[], result: T): T {
    steps.splice(0, steps.length, ...own);
    return result;
  }

  /**
   * Regions in which a grant lives under its own session's lease, or that are half trusted; all of
   * them where one region alone knows of the grant, for then nobody ever had it.
   */
  #livingIn(acceptors: readonly number[]): (holder: GlobalHolder) => readonly number[] {
    const states = acceptors.map((id) => this.#model.acceptors.at(id));
    return ({ grantId, session }) => {
      const knowing = states.filter(({ accepted }) =>
        accepted?.value.holders.some((each) => each.grantId === grantId),
      );
      if (knowing.length < majority) return regions;
      return regions.filter((region) => {
        const { live, leases, halfTrusted } = states[region]!;
        const isLive = live.some(([name]) => name === grantId);
        return halfTrusted || (isLive && leases.some(([name]) => name === session));
      });
    };
  }

  #refusedByGone(
    answer: Turn["answer"],
    livingIn: (holder: GlobalHolder) => readonly number[],
  ): Violation | undefined {
    if (answer?.kind !== "held") return undefined;
    const { holders } = answer as Extract<RegisterOutcome, { kind: "held" }>;
    if (holders.some((holder) => livingIn(holder).length >= majority)) return undefined;
    const where = holders.map((holder) => {
      const names = livingIn(holder).map((region) => `R${region + 1}`);
      return `${holder.grantId}, which lives ${names.length === 0 ? "nowhere" : `in ${names} alone`}`;
    });
    return { checker: "L2", atMs: 0, message: `a proposer that hears all says held by ${where}` };
  }

  #highest(acceptors: readonly number[], silent: number): Ballot {
    let highest = zeroBallot;
    for (const region of regions) {
      if (region === silent) continue;
      const { promised } = this.#model.acceptors.at(acceptors[region]!);
      if (compareBallots(highest, promised) < 0) highest = promised;
    }
    return highest;
  }
}

/** It speaks again from the beginning. */
function isAnother({ keeps, requests }: Turn): boolean {
  return keeps === "nothing" && requests.some((request) => request >= 0);
}

const span = 2 ** 17;

/** One number for two regions, whichever comes first. */
function pairOf(left: number, right: number): number {
  return Math.min(left, right) * span + Math.max(left, right);
}

/** One number for all three, which no two have. */
function tripleOf(a: number, b: number, c: number): number {
  const least = Math.min(a, b, c);
  const most = Math.max(a, b, c);
  return -((least * span + (a + b + c - least - most)) * span + most) - 1;
}
