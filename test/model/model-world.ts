import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { Attempt, type Step } from "@holdfast/core/quorum/attempt";
import { type Ballot, BallotSource, printBallot, zeroBallot } from "@holdfast/core/quorum/ballot";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import { AcceptorTwin } from "../simulation/register/acceptor-twin.ts";
import { RegisterChecks } from "../simulation/register/register-checks.ts";

/** What is explored: who asks for what, how often each may try, and what may go wrong. */
export interface Scope {
  readonly name: string;
  /** One proposer each, and the commands of its attempts in turn; the last one is repeated. */
  readonly proposers: readonly (readonly RegisterCommand[])[];
  readonly attempts: readonly number[];
  /** Leases of this session end, each in its region, at any moment. */
  readonly mayExpire: readonly string[];
}

/** One thing that may happen. */
export type Action =
  /** A proposer begins an attempt, and forgets the one before it. */
  | { readonly kind: "begin"; readonly proposer: number }
  | { readonly kind: "deliver"; readonly message: number }
  | { readonly kind: "answer"; readonly message: number }
  /** The third region was waited for long enough. */
  | { readonly kind: "hesitated"; readonly proposer: number }
  | { readonly kind: "expire"; readonly session: string; readonly region: number };

interface Message {
  readonly attempt: Try;
  readonly region: number;
  readonly phase: "prepare" | "accept";
  readonly run: () => () => Step;
  isDelivered: boolean;
  answer: (() => Step) | undefined;
  isAnswered: boolean;
}

/** One attempt and what became of it. */
interface Try {
  readonly proposer: number;
  readonly attempt: Attempt;
  readonly command: RegisterCommand;
  /** What it heard from each region: its state is a function of that and of its step. */
  readonly heard: string[];
  step: Step;
  isOver: boolean;
}

const regions = [0, 1, 2] as const;

/** A register, its proposers and every message between them, at one moment. */
export class ModelWorld {
  readonly checks: RegisterChecks;
  readonly #scope: Scope;
  readonly #acceptors = regions.map(() => new AcceptorTwin());
  readonly #sources: BallotSource[];
  readonly #tries: Try[] = [];
  readonly #messages: Message[] = [];
  readonly #begun: number[];
  readonly #expired = new Set<string>();
  #seen: Ballot = zeroBallot;

  constructor(scope: Scope) {
    this.#scope = scope;
    this.#sources = scope.proposers.map((_, index) => new BallotSource(index + 1, 1));
    this.#begun = scope.proposers.map(() => 0);
    this.checks = new RegisterChecks(
      () => 0,
      (grantId) => this.#believes(grantId),
    );
    for (const acceptor of this.#acceptors) {
      for (const [index, session] of sessionsOf(scope).entries()) {
        acceptor.leases.set(session as SessionId, BigInt(index + 1) as LeaseId);
      }
    }
  }

  /** Everything that may happen now. */
  enabled(): Action[] {
    const actions: Action[] = [];
    for (const [proposer, begun] of this.#begun.entries()) {
      if (begun < (this.#scope.attempts[proposer] ?? 1)) actions.push({ kind: "begin", proposer });
    }
    for (const [message, { isDelivered, answer, isAnswered }] of this.#messages.entries()) {
      if (!isDelivered) actions.push({ kind: "deliver", message });
      else if (answer !== undefined && !isAnswered && isAwaited(this.#messages[message])) {
        actions.push({ kind: "answer", message });
      }
    }
    for (const { proposer, step, isOver } of this.#tries) {
      if (!isOver && step.kind === "hesitate") actions.push({ kind: "hesitated", proposer });
    }
    for (const session of this.#scope.mayExpire) {
      for (const region of regions) {
        if (!this.#expired.has(`${session}@${region}`)) {
          actions.push({ kind: "expire", session, region });
        }
      }
    }
    return actions;
  }

  do(action: Action): void {
    if (action.kind === "begin") this.#begin(action.proposer);
    else if (action.kind === "expire") this.#expire(action.session as SessionId, action.region);
    else if (action.kind === "hesitated") {
      const trying = this.#current(action.proposer);
      this.#follow(trying, trying.attempt.hesitated());
    } else {
      const message = this.#messages[action.message] as Message;
      if (action.kind === "deliver") {
        message.isDelivered = true;
        message.answer = message.run();
      } else {
        message.isAnswered = true;
        this.#follow(message.attempt, message.answer?.() ?? { kind: "wait" });
      }
    }
  }

  #expire(session: SessionId, region: number): void {
    this.#expired.add(`${session}@${region}`);
    const acceptor = this.#acceptors[region] as AcceptorTwin;
    const lease = acceptor.leases.get(session);
    if (lease !== undefined) acceptor.endLease(session, lease);
  }

  /**
   * The same for two states from which the same can happen. Nothing tells one region from another,
   * so what each knows is put in order.
   */
  digest(): string {
    const known = this.#acceptors.map(({ promised, accepted, live, leases }, region) => {
      const value = accepted === undefined ? "" : digestOf(accepted.ballot, accepted.value);
      const messages = this.#messages.filter((message) => message.region === region);
      const heard = this.#tries.map((trying) => trying.heard[region]);
      const grants = [...live.keys()].sort();
      return `${printBallot(promised)}/${value}/${grants}/${[...leases.keys()]}/${messages.map(stateOf)}/${heard}`;
    });
    const tries = this.#tries.map(({ step, isOver, proposer }) => {
      const decided = "value" in step ? step.value.version : "";
      return `${proposer}${step.kind}${decided}${isOver}`;
    });
    return `${known.sort().join("|")}#${tries}#${this.checks.digest()}`;
  }

  /** For people. */
  print(action: Action): string {
    switch (action.kind) {
      case "begin":
        return `P${action.proposer + 1} begins an attempt`;
      case "hesitated":
        return `P${action.proposer + 1} waits for the third region no longer`;
      case "expire":
        return `R${action.region}: the lease of ${action.session} ends`;
      default: {
        const { attempt, region, phase } = this.#messages[action.message] as Message;
        const ballot = printBallot(attempt.attempt.ballot);
        const who = `P${attempt.proposer + 1}`;
        return action.kind === "deliver"
          ? `${who} -> R${region}: ${phase} ${ballot}`
          : `${who} <- R${region}: answer to ${phase} ${ballot}`;
      }
    }
  }

  #begin(proposer: number): void {
    for (const trying of this.#tries) if (trying.proposer === proposer) trying.isOver = true;
    const commands = this.#scope.proposers[proposer] ?? [];
    const count = (this.#begun[proposer] ?? 0) + 1;
    this.#begun[proposer] = count;
    const command = commands[Math.min(count, commands.length) - 1] as RegisterCommand;
    const source = this.#sources[proposer] as BallotSource;
    const attempt = new Attempt(source.next(this.#seen), [command], undefined);
    const trying: Try = {
      proposer,
      attempt,
      command,
      heard: ["", "", ""],
      step: { kind: "wait" },
      isOver: false,
    };
    this.#seen = attempt.ballot;
    this.#tries.push(trying);
    this.#follow(trying, attempt.begin());
  }

  #follow(trying: Try, step: Step): void {
    if (step.kind === "wait") return;
    trying.step = step;
    if (step.kind === "prepare")
      this.#send(trying, "prepare", (region) => this.#prepare(trying, region));
    if (step.kind === "accept") {
      this.#send(trying, "accept", (region) => this.#accept(trying, step, region));
    }
    if (step.kind === "read" || step.kind === "chosen")
      this.#answered(trying, step.outcomes[0]?.kind);
  }

  /** A grant that is believed in must be nobody else's. */
  #answered({ command }: Try, outcome: string | undefined): void {
    if (command.kind !== "acquire") return;
    const { grantId } = command.request;
    if (outcome === "held") this.checks.onRefused(grantId);
    if (outcome !== "granted" || !this.#believes(grantId)) return;
    for (const other of this.#grants()) {
      if (other !== grantId && this.#believes(other)) {
        this.checks.fail("I10", `${grantId} and ${other} both believe`);
      }
    }
  }

  #grants(): GrantId[] {
    return this.#tries.flatMap(({ command }) =>
      command.kind === "acquire" ? [command.request.grantId] : [],
    );
  }

  /** Told that it has the lock, and two of the leases that count live. */
  #believes(grantId: GrantId): boolean {
    return this.#tries.some(({ attempt, command, step }) => {
      if (command.kind !== "acquire" || command.request.grantId !== grantId) return false;
      if (step.kind !== "chosen" && step.kind !== "read") return false;
      if (step.outcomes[0]?.kind !== "granted") return false;
      const { session } = command.request;
      const living = [...attempt.confirmed(grantId)].filter(
        ([region, lease]) => this.#acceptors[region]?.leases.get(session) === lease,
      );
      return living.length >= 2;
    });
  }

  #send(trying: Try, phase: Message["phase"], run: (region: number) => () => Step): void {
    for (const region of regions) {
      this.#messages.push({
        attempt: trying,
        region,
        phase,
        run: () => run(region),
        isDelivered: false,
        answer: undefined,
        isAnswered: false,
      });
    }
  }

  #prepare(trying: Try, region: number): () => Step {
    const acceptor = this.#acceptors[region] as AcceptorTwin;
    this.checks.onKept(region, acceptor.promised, acceptor.accepted?.ballot);
    const reply = acceptor.prepare({ ballot: trying.attempt.ballot, generation: 1 });
    this.checks.onKept(region, acceptor.promised, acceptor.accepted?.ballot);
    return () => {
      trying.heard[region] += `p${JSON.stringify(reply, bigints)}`;
      return trying.attempt.onPrepareReply(region, reply);
    };
  }

  #accept(trying: Try, step: Extract<Step, { kind: "accept" }>, region: number): () => Step {
    const acceptor = this.#acceptors[region] as AcceptorTwin;
    const { ballot } = trying.attempt;
    const { promised } = acceptor;
    const earlier = acceptor.accepted?.ballot;
    this.checks.onKept(region, promised, earlier);
    const reply = acceptor.accept({
      ballot,
      value: step.value,
      next: { ...ballot, round: ballot.round + 0.5 },
      attach: step.attach,
      forget: trying.attempt.forgetIn(region, step.value),
      generation: 1,
    });
    this.checks.onKept(region, acceptor.promised, acceptor.accepted?.ballot);
    if (acceptor.accepted?.ballot === ballot && earlier !== ballot) {
      this.checks.onAccepted(region, ballot, step.value, promised);
    }
    return () => {
      trying.heard[region] += `a${JSON.stringify(reply, bigints)}`;
      return trying.attempt.onAcceptReply(region, reply);
    };
  }

  #current(proposer: number): Try {
    return this.#tries.findLast((trying) => trying.proposer === proposer) as Try;
  }
}

/** A promise says nothing to an attempt that has proposed, nor anything to one that is over. */
function isAwaited(message: Message | undefined): boolean {
  if (message === undefined || message.attempt.isOver) return false;
  return message.phase === "accept" || !message.attempt.attempt.isProposed;
}

function stateOf(message: Message): string {
  if (!message.isDelivered) return "-";
  if (message.isAnswered) return "a";
  return isAwaited(message) ? "d" : "o";
}

function sessionsOf({ proposers }: Scope): string[] {
  const sessions = proposers.flat().flatMap((command) => {
    return command.kind === "acquire" ? [command.request.session as string] : [];
  });
  return [...new Set(sessions)];
}

function digestOf(ballot: Ballot, { holders, waiters, recent, version }: RegisterValue): string {
  const ids = (all: readonly { readonly grantId: string }[]) => all.map(({ grantId }) => grantId);
  return `${printBallot(ballot)}v${version}${ids(holders)};${ids(waiters)};${recent.map(({ grantId, fate }) => grantId + fate)}`;
}

function bigints(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
