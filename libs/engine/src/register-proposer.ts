import type { Clock, Timer } from "@holdfast/base/clock";
import type { GrantId, LeaseId } from "@holdfast/base/ids";
import type { Random } from "@holdfast/base/random";
import { isSampled, type Span, type Tracer } from "@holdfast/base/tracer";
import { Attempt, regionsMax, type Step, type Warm } from "@holdfast/core/quorum/attempt";
import {
  type Ballot,
  type BallotSource,
  maxBallot,
  zeroBallot,
} from "@holdfast/core/quorum/ballot";
import type {
  AcceptReply,
  AcceptRequest,
  PrepareReply,
  PrepareRequest,
} from "@holdfast/core/quorum/message";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import { majority } from "@holdfast/core/quorum/votes";
import type { RoundKind, RoundListener, RoundOutcome } from "./quorum-round.ts";

/**
 * The votes of one register in all regions, by number 0 to 2. An answer may come twice or never;
 * undefined where it is known that none will come. `traceparent`: the trace context of the round.
 */
export interface Acceptors {
  prepare(
    region: number,
    request: PrepareRequest,
    answer: Answer<PrepareReply>,
    traceparent?: string,
  ): void;
  accept(
    region: number,
    request: AcceptRequest,
    answer: Answer<AcceptReply>,
    traceparent?: string,
  ): void;
  /** The value of `request` is chosen, and the region may never have heard of it. */
  repair?(region: number, request: AcceptRequest): void;
}

type Answer<Reply> = (reply: Reply | undefined) => void;

/** What a proposer needs, and how patient it is. */
export interface ProposerOptions {
  readonly acceptors: Acceptors;
  readonly ballots: BallotSource;
  readonly clock: Clock;
  readonly random: Random;
  /** The generation this coordinator believes to be the current one. */
  readonly generation: () => number;
  /** A region is at another generation. */
  readonly onGeneration: (generation: number) => void;
  /** To the nearest other region and back, in milliseconds; asked for anew each time. */
  readonly roundTripMs: () => number;
  /**
   * The same for the farthest region that can be reached: what hangs on the third one's word is
   * held back for so long [H8]. As the nearest one where left out.
   */
  readonly farthestMs?: () => number;
  /** How long an answer is waited for; four round trips where left out. */
  readonly patienceMs?: number;
  /** Told of each round. */
  readonly onRound?: RoundListener;
  /** Absent: nothing is traced. */
  readonly tracer?: Tracer;
}

/** Who asked, and what must hold for going on. */
export interface Asking {
  readonly command: RegisterCommand;
  /** The request reached a coordinator before this one did [H5]. */
  readonly isRepeat: boolean;
  /** The caller waits no longer, or its deadline has passed [H6]. */
  readonly isOver: () => boolean;
  readonly answer: (answer: ProposerAnswer) => void;
  /** The trace context of what it is a part of. */
  readonly traceparent?: string | undefined;
}

/** How a command went. */
export type ProposerAnswer =
  | {
      readonly kind: "decided";
      readonly outcome: RegisterOutcome;
      readonly value: RegisterValue;
      /**
       * Regions that the holder of a grant may count on, and the very leases that count [H1] [H2];
       * asked again later, the third region may have come. Also for others than the one who asked:
       * a release hands over.
       */
      readonly confirmed: (grantId: GrantId) => ReadonlyMap<number, LeaseId>;
    }
  /** Nothing was proposed, or the proposal was refused for good. */
  | { readonly kind: "contended" }
  /** `heard`: the regions that answered. */
  | { readonly kind: "no-quorum"; readonly heard: readonly number[] }
  /** It may yet come true: ask again with the same request id, or cancel it. */
  | { readonly kind: "unknown" };

/** Commands in one proposal: no more end at once than a register remembers. */
const commandsMax = 8;
const attemptsMax = 6;
/** Commands that wait for the one under way; past it they are told so at once. */
const queueMax = 10_000;
/** How long a region is waited for that can only say that it was heard, in ms. */
const lastWordMs = 250;
/** An answer that takes this many round trips will not come. */
const patience = 4;

/**
 * The proposals of one coordinator for one register: one in flight, the others wait and go
 * together. While nobody else proposes, the promise that came with the last accept saves the
 * prepare.
 */
export class RegisterProposer {
  readonly #options: ProposerOptions;
  readonly #queue: Pending[] = [];
  #warm: (Warm & { readonly ballot: Ballot; readonly generation: number }) | undefined;
  #flight: Flight | undefined;
  /** Below it nothing would be promised any more, as far as is known. */
  #seen: Ballot = zeroBallot;

  constructor(options: ProposerOptions) {
    this.#options = options;
  }

  /** Nothing is under way and nothing waits. */
  get isIdle(): boolean {
    return this.#flight === undefined && this.#queue.length === 0;
  }

  submit(asking: Asking): void {
    const { command } = asking;
    const since = command.kind === "acquire" ? command.since : undefined;
    const pending = { asking, attempts: 0, mayBeGranted: asking.isRepeat, since };
    if (this.#queue.length >= queueMax) {
      asking.answer(undone(pending, { kind: "contended" }));
      return;
    }
    this.#queue.push(pending);
    if (this.#flight === undefined) this.#next();
  }

  /**
   * Somebody's choice was seen. A promise of before it is worth nothing any more, and whoever made
   * it was promised the next ballot.
   */
  saw(ballot: Ballot, version: number): void {
    this.#seen = maxBallot(this.#seen, { ...ballot, round: ballot.round + 1 });
    if (this.#warm !== undefined && this.#warm.value.version < version) this.#warm = undefined;
  }

  #next(): void {
    const members: Pending[] = [];
    while (members.length < commandsMax) {
      const pending = this.#queue.shift();
      if (pending === undefined) break;
      if (pending.asking.isOver()) pending.asking.answer(undone(pending, { kind: "contended" }));
      else members.push(pending);
    }
    if (members.length > 0) this.#attempt(members, this.#seen);
  }

  #attempt(members: readonly Pending[], seen: Ballot): void {
    const { ballots } = this.#options;
    // One for all of the attempt: answers of different generations never count together [H4].
    const generation = this.#options.generation();
    const warm = this.#warm?.generation === generation ? this.#warm : undefined;
    this.#warm = undefined;
    const commands = members.map(commandOf);
    let attempt = new Attempt(warm?.ballot ?? ballots.next(seen), commands, warm);
    let step = attempt.begin();
    if (warm !== undefined && step.kind === "prepare") {
      // The regions have promised the warm ballot already, and promise each ballot once.
      attempt = new Attempt(ballots.next(warm.ballot), commands, undefined);
      step = attempt.begin();
    }
    const flight: Flight = {
      attempt,
      generation,
      members,
      answered: new Set(),
      silent: new Set(),
      missed: [],
      isHesitating: false,
      isChosen: false,
      timer: noTimer,
      round: undefined,
    };
    this.#flight = flight;
    for (const member of members) member.attempts++;
    this.#arm(flight);
    this.#follow(flight, step);
  }

  #follow(flight: Flight, step: Step): void {
    switch (step.kind) {
      case "wait":
        break;
      case "prepare":
        this.#prepare(flight);
        break;
      case "hesitate":
        this.#hesitate(flight);
        break;
      case "accept":
        this.#accept(flight, step);
        break;
      case "chosen":
        if (flight.next !== undefined) {
          const { next: ballot, generation } = flight;
          this.#warm = { ballot, value: step.value, generation };
        }
        flight.isChosen = true;
        for (const { region, request } of flight.missed) {
          this.#options.acceptors.repair?.(region, request);
        }
        this.#conclude(flight, step.value, step.outcomes);
        break;
      case "read":
        this.#conclude(flight, step.value, step.outcomes);
        break;
      case "lost":
        this.#endRound(flight, "lost");
        this.#retry(flight, step.seen);
        break;
      case "other-generation":
        this.#endRound(flight, "lost");
        this.#options.onGeneration(step.generation);
        this.#retry(flight, zeroBallot);
        break;
    }
  }

  #hesitate(flight: Flight): void {
    const { clock, roundTripMs, farthestMs } = this.#options;
    flight.timer.cancel();
    flight.isHesitating = true;
    const waitMs = flight.silent.size > 0 ? 0 : (farthestMs ?? roundTripMs)();
    flight.timer = clock.schedule(waitMs, () => {
      if (this.#flight !== flight) return;
      this.#arm(flight);
      this.#follow(flight, flight.attempt.hesitated());
    });
  }

  /** It is known that the region answers nothing: what hangs on it need not be waited for. */
  #onSilence(flight: Flight, region: number): void {
    flight.silent.add(region);
    if (this.#flight !== flight) return;
    if (isHopeless(flight)) this.#giveUpSoon(flight);
    else if (flight.isHesitating) this.#hesitate(flight);
  }

  /** Nothing can come of it; who still answers is worth a moment, for that is what is told. */
  #giveUpSoon(flight: Flight): void {
    flight.timer.cancel();
    const isAllIn = flight.answered.size + flight.silent.size >= regionsMax;
    flight.timer = this.#options.clock.schedule(isAllIn ? 0 : lastWordMs, () => {
      if (this.#flight === flight) this.#retry(flight, flight.attempt.ballot);
    });
  }

  #prepare(flight: Flight): void {
    const { acceptors } = this.#options;
    const { attempt, generation } = flight;
    const request = { ballot: attempt.ballot, generation };
    this.#beginRound(flight, "prepare");
    const traceparent = traceOf(flight);
    for (let region = 0; region < regionsMax; region++) {
      const onReply: Answer<PrepareReply> = (reply) => {
        if (reply === undefined) {
          if (!attempt.isProposed) this.#onSilence(flight, region);
          return;
        }
        flight.answered.add(region);
        if (this.#flight !== flight) return;
        this.#follow(flight, attempt.onPrepareReply(region, reply));
        if (this.#flight === flight && isHopeless(flight)) this.#giveUpSoon(flight);
      };
      acceptors.prepare(region, request, onReply, traceparent);
    }
  }

  #accept(flight: Flight, step: Extract<Step, { kind: "accept" }>): void {
    const { acceptors, ballots } = this.#options;
    const { attempt, members, generation } = flight;
    // What nobody waits for any more is not proposed, or a grant would have nobody who knows it.
    if (members.some(({ asking }) => asking.isOver())) {
      this.#endRound(flight, "given_up");
      this.#retry(flight, attempt.ballot);
      return;
    }
    for (const member of members) {
      // Of a repeat nobody here knows at which version it was first proposed, and how it ended may
      // be forgotten already: what is seen now covers nothing of that [H6].
      if (!member.asking.isRepeat) member.since ??= attempt.version;
      member.mayBeGranted = true;
    }
    const isWarm = flight.round === undefined;
    this.#endRound(flight, "won");
    this.#beginRound(flight, isWarm ? "warm" : "accept");
    const next = ballots.next(attempt.ballot);
    flight.next = next;
    flight.isHesitating = false;
    flight.answered.clear();
    flight.silent.clear();
    const traceparent = traceOf(flight);
    for (let region = 0; region < regionsMax; region++) {
      const request: AcceptRequest = {
        ballot: attempt.ballot,
        value: step.value,
        next,
        attach: step.attach,
        forget: attempt.forgetIn(region, step.value),
        generation,
      };
      const onReply: Answer<AcceptReply> = (reply) => {
        if (reply === undefined) {
          flight.missed.push({ region, request });
          if (flight.isChosen) acceptors.repair?.(region, request);
          else this.#onSilence(flight, region);
          return;
        }
        flight.answered.add(region);
        const followed = attempt.onAcceptReply(region, reply);
        if (this.#flight === flight) this.#follow(flight, followed);
      };
      acceptors.accept(region, request, onReply, traceparent);
    }
  }

  #conclude(flight: Flight, value: RegisterValue, outcomes: readonly RegisterOutcome[]): void {
    this.#flight = undefined;
    flight.timer.cancel();
    this.#endRound(flight, "won");
    for (const [index, { asking }] of flight.members.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) continue;
      const confirmed = (grantId: GrantId) => flight.attempt.confirmed(grantId);
      asking.answer({ kind: "decided", outcome, value, confirmed });
    }
    if (this.#flight === undefined) this.#next();
  }

  /** Under a new ballot, and with nothing kept of the attempt but that there was one. */
  #retry(flight: Flight, seen: Ballot): void {
    this.#flight = undefined;
    flight.timer.cancel();
    this.#endRound(flight, "no_quorum");
    const again: Pending[] = [];
    const heard = [...flight.answered];
    const reason: Undone =
      heard.length < majority ? { kind: "no-quorum", heard } : { kind: "contended" };
    // Nothing can come of another try now, and nothing can come true of this one.
    const isInVain = isHopeless(flight);
    for (const member of flight.members) {
      const isSpent = member.attempts >= attemptsMax || member.asking.isOver();
      const mayStop = isInVain && !member.mayBeGranted;
      if (isSpent || mayStop) member.asking.answer(undone(member, reason));
      else again.push(member);
    }
    if (again.length > 0) this.#pause(flight, again, seen);
    else if (this.#flight === undefined) this.#next();
  }

  /** Up to one round trip, then up to twice as much each time: two that met do not meet again. */
  #pause(flight: Flight, members: readonly Pending[], seen: Ballot): void {
    const { clock, random, roundTripMs } = this.#options;
    const attempts = Math.max(...members.map((member) => member.attempts));
    const paused: Flight = { ...flight, members };
    this.#flight = paused;
    // Others go on while this one waits. The longer its pauses get, the further behind it would
    // come back, and with somebody who is nearer to two regions it would be behind for ever [L3].
    const ahead = { ...seen, round: seen.round + 2 ** attempts };
    paused.timer = clock.schedule(roundTripMs() * random.next() * 2 ** (attempts - 1), () => {
      if (this.#flight === paused) this.#attempt(members, ahead);
    });
  }

  #beginRound(flight: Flight, kind: RoundKind): void {
    const { clock, tracer } = this.#options;
    const spans = tracer === undefined ? noSpans : roundSpans(tracer, kind, flight.members);
    flight.round = { kind, startedMs: clock.monotonicMs(), spans };
  }

  /** Does nothing where it has ended already. */
  #endRound(flight: Flight, outcome: RoundOutcome): void {
    const { onRound, clock } = this.#options;
    if (flight.round === undefined) return;
    const { kind, startedMs, spans } = flight.round;
    flight.round = undefined;
    onRound?.(kind, outcome, clock.monotonicMs() - startedMs);
    for (const span of spans) span.end(outcome, outcome === "no_quorum");
  }

  #arm(flight: Flight): void {
    const { clock, roundTripMs, patienceMs } = this.#options;
    flight.timer.cancel();
    flight.timer = clock.schedule(patienceMs ?? roundTripMs() * patience, () => {
      if (this.#flight === flight) this.#retry(flight, flight.attempt.ballot);
    });
  }
}

interface Pending {
  readonly asking: Asking;
  attempts: number;
  mayBeGranted: boolean;
  /** The version at which the register was seen when the command was first proposed. */
  since: number | undefined;
}

interface Flight {
  readonly attempt: Attempt;
  readonly generation: number;
  readonly members: readonly Pending[];
  /** Regions heard in this phase. */
  readonly answered: Set<number>;
  /** Regions that are known to answer nothing in this phase. */
  readonly silent: Set<number>;
  /** Accepts that nobody answered. */
  readonly missed: { readonly region: number; readonly request: AcceptRequest }[];
  isHesitating: boolean;
  isChosen: boolean;
  timer: Timer;
  /** What the regions were asked for and have not decided. */
  round: Round | undefined;
  /** The ballot that the accept asks the regions to promise along. */
  next?: Ballot;
}

/** What the regions were asked for, when, and the steps of traces that this is. */
interface Round {
  readonly kind: RoundKind;
  readonly startedMs: number;
  readonly spans: readonly Span[];
}

const noSpans: readonly Span[] = [];

function roundSpans(tracer: Tracer, kind: RoundKind, members: readonly Pending[]): Span[] {
  return members.flatMap(({ asking: { traceparent } }) =>
    isSampled(traceparent) ? [tracer.span(`quorum ${kind}`, traceparent)] : [],
  );
}

/** Votes for several commands at once are told in the trace of the first one. */
function traceOf({ round }: Flight): string | undefined {
  return round?.spans[0]?.traceparent;
}

const noTimer: Timer = { cancel: () => {} };

function commandOf({ asking, mayBeGranted, since }: Pending): RegisterCommand {
  const { command } = asking;
  if (command.kind !== "acquire" || !mayBeGranted) return command;
  return { ...command, mayBeGranted, ...(since === undefined ? {} : { since }) };
}

/** So many regions are silent that the others decide nothing. */
function isHopeless({ silent }: Flight): boolean {
  return silent.size > regionsMax - majority;
}

type Undone = Extract<ProposerAnswer, { kind: "contended" | "no-quorum" }>;

/** Refused for good only where nothing of it can come true any more [H5]. */
function undone(pending: Pending, reason: Undone): ProposerAnswer {
  return pending.mayBeGranted ? { kind: "unknown" } : reason;
}
