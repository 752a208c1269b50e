import { Attempt, type Step } from "@holdfast/core/quorum/attempt";
import { type Ballot, zeroBallot } from "@holdfast/core/quorum/ballot";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import type { Update } from "./columns.ts";
import { Interner, keyOf } from "./interner.ts";
import type { Pasts } from "./past.ts";
import {
  begin,
  type Input,
  mayRefuse,
  nextBallot,
  type ProposerState,
  placesMax,
  proposerKey,
  type Trying,
} from "./proposer-state.ts";
import { grantOf, regions, type Scope } from "./scope.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** Something that a proposer may do. */
export interface Turn {
  readonly why: "hears" | "gives up" | "crashes" | "asks";
  readonly inputs: readonly Input[];
  /** Answers that the attempt had heard until then. */
  readonly heardBefore: number;
  /** What it was told is the last step of its attempt; what it answers, to whom. */
  readonly answer: RegisterOutcome | { readonly kind: "unknown" | "contended" } | undefined;
  readonly proposer: number;
  readonly keeps: Update["keeps"];
  /** What it says to each region, -1 for nothing. */
  readonly requests: readonly number[];
  readonly believes: readonly (boolean | undefined)[];
  /** What the checks are told. */
  readonly told: readonly number[];
  /** What became of regions that it was applied to. */
  readonly applied: Map<number, number>;
}

const silence = [-1, -1, -1];
const unchanged = [undefined, undefined, undefined];
const believesNot = [false, false, false];

/** The proposers by their state. What each does next is worked out once, by the real core. */
export class Proposers {
  readonly #scope: Scope;
  readonly #vocabulary: Vocabulary;
  readonly #pasts: Pasts;
  readonly #isExact: boolean;
  readonly #states = new Interner<ProposerState>();

  constructor(scope: Scope, vocabulary: Vocabulary, pasts: Pasts, isExact: boolean) {
    this.#scope = scope;
    this.#vocabulary = vocabulary;
    this.#pasts = pasts;
    this.#isExact = isExact;
  }

  at(id: number): ProposerState {
    return this.#states.at(id);
  }

  /** Its first job has been asked for. */
  first(index: number): Turn {
    const { crashes, isRepeat, seenRound } = this.#scope.clients[index]!;
    const state: ProposerState = {
      incarnation: 1,
      round: seenRound,
      job: 0,
      attempts: 0,
      mayBeGranted: isRepeat,
      since: undefined,
      token: undefined,
      warm: undefined,
      crashes,
      trying: undefined,
    };
    return this.#begin(index, state, zeroBallot, { why: "asks", inputs: [] });
  }

  /** What it may do without hearing anything more. */
  alone(index: number, id: number): Turn[] {
    const state = this.at(id);
    const client = this.#scope.clients[index]!;
    const turns: Turn[] = [];
    const mayTry = state.attempts < client.attempts;
    if (state.trying !== undefined && mayTry) turns.push(this.giveUp(index, id));
    if (state.crashes > 0 && state.job < client.jobs.length && mayTry) {
      turns.push(this.#crash(index, state));
    }
    if (state.trying === undefined && state.job < client.jobs.length && mayTry) {
      turns.push(this.#ask(index, state));
    }
    return turns;
  }

  /** Forgets the attempt, which takes too long, and begins another. */
  giveUp(index: number, id: number): Turn {
    const state = this.at(id);
    const seen = state.trying?.ballot ?? zeroBallot;
    return this.#begin(index, state, seen, { why: "gives up", inputs: [] });
  }

  /** One more attempt at its job, whatever it has used; `seen`: a ballot that refused it. */
  again(index: number, id: number, seen: Ballot | undefined): Turn {
    const state = { ...this.at(id), attempts: 0 };
    const about = { why: "gives up" as const, inputs: [] };
    const own = state.trying?.ballot ?? zeroBallot;
    if (seen === undefined) return this.#begin(index, state, own, about);
    return this.#begin(index, { ...state, warm: undefined, mayBeGranted: true }, seen, about);
  }

  /**
   * Everything that may come of the answers at hand, in any order: each to the first step that is
   * more than waiting. `heard`: of each region, what the attempt knows from it already.
   */
  hear(
    index: number,
    id: number,
    answers: readonly (readonly number[])[],
    heard: readonly (readonly number[])[],
  ): Turn[] {
    const { trying } = this.at(id);
    if (trying === undefined) return [];
    const turns = new Map<string, Turn>();
    const go = (inputs: readonly Input[]) => {
      const { attempt, step } = this.#feed(trying, heard, inputs);
      if (step.kind !== "wait" && step.kind !== "hesitate") {
        const turn = this.#follow(index, this.at(id), attempt, step, inputs);
        const sort = `${turn.proposer}/${turn.requests}/${turn.believes}/${turn.told}`;
        const key = this.#isExact ? `${sort}/${keyOf(inputs)}` : sort;
        // What may come without hesitation is told without.
        const known = turns.get(key);
        if (known === undefined || known.inputs.includes("hesitated")) turns.set(key, turn);
        return;
      }
      if (step.kind === "hesitate" && !inputs.includes("hesitated")) go([...inputs, "hesitated"]);
      for (const column of regions) {
        for (const reply of answers[column] ?? []) {
          const isUsed = inputs.some(
            (input) => input !== "hesitated" && input.column === column && input.reply === reply,
          );
          if (!isUsed) go([...inputs, { column, reply }]);
        }
      }
    };
    go([]);
    return [...turns.values()];
  }

  /** The attempt made again, and the last thing it said that was more than to wait. */
  #feed(
    trying: Trying,
    heard: readonly (readonly number[])[],
    inputs: readonly Input[],
  ): { readonly attempt: Attempt; readonly step: Step } {
    const attempt = this.#attemptOf(trying, heard);
    let step: Step = { kind: "wait" };
    for (const input of inputs) {
      const after = input === "hesitated" ? attempt.hesitated() : this.#tell(attempt, input);
      if (after.kind !== "wait") step = after;
    }
    return { attempt, step };
  }

  #attemptOf(
    { ballot, command, warm, proposal, witness }: Trying,
    heard: readonly (readonly number[])[],
  ): Attempt {
    const attempt = new Attempt(ballot, [command], warm);
    attempt.begin();
    if (proposal === undefined || warm !== undefined) return attempt;
    // Any answers that made it propose this very value do.
    for (const input of this.#isExact ? inOrder(witness, heard) : witness) {
      if (input === "hesitated") attempt.hesitated();
      else this.#tell(attempt, input);
    }
    return attempt;
  }

  #tell(attempt: Attempt, { column, reply }: Exclude<Input, string>): Step {
    const answer = this.#vocabulary.replies.at(reply);
    return answer.kind === "prepare"
      ? attempt.onPrepareReply(column, answer.reply)
      : attempt.onAcceptReply(column, answer.reply);
  }

  #follow(
    index: number,
    state: ProposerState,
    attempt: Attempt,
    step: Step,
    inputs: readonly Input[],
  ): Turn {
    const about = { why: "hears" as const, inputs };
    switch (step.kind) {
      case "accept":
        return this.#propose(index, state, attempt, step, about);
      case "chosen":
      case "read":
        return this.#conclude(index, state, attempt, step, about);
      case "lost": {
        const { attempts } = this.#scope.clients[index]!;
        if (state.attempts < attempts) return this.#begin(index, state, step.seen, about);
        return this.#undone(index, state, about);
      }
      default:
        throw new Error(`an attempt of the model does not come to ${step.kind}`);
    }
  }

  #propose(
    index: number,
    state: ProposerState,
    attempt: Attempt,
    step: Extract<Step, { kind: "accept" }>,
    about: Pick<Turn, "why" | "inputs">,
  ): Turn {
    const trying = state.trying!;
    const value = this.#vocabulary.same(step.value);
    const next = nextBallot(index, state, attempt.ballot);
    const messages = regions.map((region) =>
      this.#vocabulary.messageId({
        kind: "accept",
        proposer: index,
        request: {
          ballot: attempt.ballot,
          value,
          next,
          attach: step.attach,
          forget: attempt.forgetIn(region, step.value),
          generation: 1,
        },
      }),
    );
    const outcomes = outcomesOf(attempt);
    const proposal = { value, outcomes, next };
    const after = {
      ...state,
      round: next.round,
      mayBeGranted: true,
      since: state.since ?? attempt.version,
      trying: { ...trying, proposal, witness: [...trying.witness, ...about.inputs] },
    };
    const heardBefore = trying.witness.length;
    return this.#turn(index, after, {
      ...about,
      heardBefore,
      keeps: "accepts",
      requests: messages,
    });
  }

  #conclude(
    index: number,
    state: ProposerState,
    attempt: Attempt,
    step: Extract<Step, { kind: "chosen" | "read" }>,
    about: Pick<Turn, "why" | "inputs">,
  ): Turn {
    const { command, proposal } = state.trying!;
    const [outcome] = step.outcomes;
    if (outcome === undefined) throw new Error("a command has an outcome");
    const value = this.#vocabulary.same(step.value);
    const warm =
      step.kind === "chosen" && proposal !== undefined
        ? { ballot: proposal.next, value }
        : undefined;
    const client = this.#scope.clients[index]!;
    const isGranted = outcome.kind === "granted";
    const isWaiting = outcome.kind === "waiting" && state.attempts < client.attempts;
    const after: ProposerState = {
      ...state,
      warm,
      trying: undefined,
      job: isWaiting ? state.job : this.#nextJob(client, state.job, isGranted),
      attempts: isWaiting ? state.attempts : 0,
      mayBeGranted: isWaiting,
      since: undefined,
      token: isGranted ? outcome.holder.token : undefined,
    };
    const confirmed = attempt.confirmed(grantOf(client).grantId);
    const told: number[] = [];
    if (outcome.kind === "held" || outcome.kind === "full") told.push(...this.#refuse(command));
    if (outcome.kind === "released" && command.kind === "release") {
      told.push(this.#pasts.toldId({ kind: "released", grantId: command.grantId }));
    }
    return this.#turn(index, after, {
      ...about,
      keeps: isGranted && step.kind === "chosen" ? "confirmations" : "nothing",
      believes: regions.map((region) => isGranted && confirmed.has(region)),
      told,
      answer: outcome,
    });
  }

  /** No more ballots: refused for good where nothing of it can come true [H5]. */
  #undone(index: number, state: ProposerState, about: Pick<Turn, "why" | "inputs">): Turn {
    const client = this.#scope.clients[index]!;
    const { command } = state.trying!;
    const told = state.mayBeGranted ? [] : this.#refuse(command);
    const job = this.#nextJob(client, state.job, false);
    const after = { ...state, trying: undefined, attempts: 0, job };
    const kind = state.mayBeGranted ? ("unknown" as const) : ("contended" as const);
    return this.#turn(index, after, { ...about, told, answer: { kind } });
  }

  #refuse(command: RegisterCommand): number[] {
    return mayRefuse(this.#scope.clients, command).map((grantId) =>
      this.#pasts.toldId({ kind: "refused", grantId }),
    );
  }

  /** What is not granted is not released; what went wrong may be cancelled. */
  #nextJob({ jobs }: Scope["clients"][number], job: number, isGranted: boolean): number {
    if (jobs[job]?.kind !== "acquire" || isGranted) return job + 1;
    const cancel = jobs.findIndex((each, index) => index > job && each.kind === "cancel");
    return cancel < 0 ? jobs.length : cancel;
  }

  #crash(index: number, { incarnation, crashes, ...state }: ProposerState): Turn {
    const reborn = {
      ...state,
      incarnation: incarnation + 1,
      crashes: crashes - 1,
      round: 0,
      warm: undefined,
      since: undefined,
      mayBeGranted: true,
    };
    return this.#begin(index, reborn, zeroBallot, { why: "crashes", inputs: [] });
  }

  #ask(index: number, state: ProposerState): Turn {
    return this.#begin(index, state, zeroBallot, { why: "asks", inputs: [] });
  }

  #begin(
    index: number,
    before: ProposerState,
    seen: Ballot,
    about: Pick<Turn, "why" | "inputs">,
  ): Turn {
    const client = this.#scope.clients[index]!;
    const { state, step, attempt } = begin(index, client, before, seen);
    // Who gives its grant back believes in it no more.
    const believes = client.jobs[state.job]?.kind === "acquire" ? unchanged : believesNot;
    if (step.kind === "accept") {
      const turn = this.#propose(index, state, attempt, step, about);
      // Late answers to what it said before are of no use to the new attempt.
      return { ...turn, believes, keeps: "nothing" };
    }
    const message = this.#vocabulary.messageId({
      kind: "prepare",
      proposer: index,
      request: { ballot: attempt.ballot, generation: 1 },
    });
    return this.#turn(index, state, { ...about, believes, requests: regions.map(() => message) });
  }

  #turn(
    index: number,
    state: ProposerState,
    turn: Partial<Turn> & Pick<Turn, "why" | "inputs">,
  ): Turn {
    const isDone = state.job >= this.#scope.clients[index]!.jobs.length;
    // Who has nothing left to do is like everybody who has nothing left to do.
    const kept: ProposerState = isDone ? { ...idle, job: state.job } : state;
    const key = `${index}/${proposerKey(kept, this.#vocabulary, this.#isExact)}`;
    return {
      answer: undefined,
      heardBefore: 0,
      keeps: "nothing" as const,
      requests: silence,
      believes: unchanged,
      told: [],
      applied: new Map<number, number>(),
      ...turn,
      proposer: this.#states.idOf(key, () => kept),
    };
  }
}

const idle: ProposerState = {
  incarnation: 0,
  round: 0,
  job: 0,
  attempts: 0,
  mayBeGranted: false,
  since: undefined,
  token: undefined,
  warm: undefined,
  crashes: 0,
  trying: undefined,
};

/** What will be said once the proposal is chosen; the attempt, which says it, is used up. */
function outcomesOf(attempt: Attempt): readonly RegisterOutcome[] {
  for (const region of regions) {
    const step = attempt.onAcceptReply(region, { kind: "accepted", attached: [] });
    if (step.kind === "chosen") return step.outcomes;
  }
  throw new Error("a proposal that all regions accept is chosen");
}

/** What was heard, in its order: `heard` says of each answer at which place it came. */
function inOrder(witness: readonly Input[], heard: readonly (readonly number[])[]): Input[] {
  const inputs = [...witness];
  for (const column of regions) {
    for (const each of heard[column] ?? []) {
      const place = each % placesMax;
      inputs[place] = { column, reply: Math.floor(each / placesMax) };
    }
  }
  return inputs;
}
