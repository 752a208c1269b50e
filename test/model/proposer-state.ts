import type { GrantId } from "@holdfast/base/ids";
import { Attempt, type Step, type Warm } from "@holdfast/core/quorum/attempt";
import { type Ballot, BallotSource, printBallot } from "@holdfast/core/quorum/ballot";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import { keyOf } from "./interner.ts";
import type { Client, Job } from "./scope.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A proposer and its client, as far as what it does depends on it. */
export interface ProposerState {
  readonly incarnation: number;
  /** The last round it used, 0 for none. */
  readonly round: number;
  /** The job it is at; past the last one there is nothing left to do. */
  readonly job: number;
  /** Ballots used for the job. */
  readonly attempts: number;
  /** A copy of the command may have been carried out [H5]. */
  readonly mayBeGranted: boolean;
  readonly since: number | undefined;
  /** Of the grant its client has. */
  readonly token: bigint | undefined;
  readonly warm: (Warm & { readonly ballot: Ballot }) | undefined;
  readonly crashes: number;
  /** Absent between two jobs. */
  readonly trying: Trying | undefined;
}

/** An attempt under way. */
export interface Trying {
  readonly ballot: Ballot;
  readonly command: RegisterCommand;
  readonly warm: Warm | undefined;
  readonly proposal: Proposal | undefined;
  /** What made it propose: an attempt that hears the same in this order comes to the same. */
  readonly witness: readonly Input[];
}

/** What was proposed, and what is said to the client once it is chosen. */
export interface Proposal {
  readonly value: RegisterValue;
  readonly outcomes: readonly RegisterOutcome[];
  readonly next: Ballot;
}

/** More answers than one attempt hears. */
export const placesMax = 16;

/** An answer that an attempt hears, or the end of its patience with the third region. */
export type Input = { readonly column: number; readonly reply: number } | "hesitated";

/** The same for two proposers that do the same from now on. */
export function proposerKey(
  { trying, warm, ...state }: ProposerState,
  vocabulary: Vocabulary,
  isExact: boolean,
): string {
  const { incarnation, round, job, attempts, mayBeGranted, since, token, crashes } = state;
  const own = `${incarnation} ${round} ${job} ${attempts} ${mayBeGranted} ${since} ${token} ${crashes}`;
  const kept = warm && `${printBallot(warm.ballot)}=${vocabulary.valueId(warm.value)}`;
  if (trying === undefined) return `${own}/${kept}`;
  const { ballot, command, proposal, witness } = trying;
  const base = trying.warm && vocabulary.valueId(trying.warm.value);
  const proposed =
    proposal &&
    `${vocabulary.valueId(proposal.value)}${keyOf(proposal.outcomes)}${printBallot(proposal.next)}`;
  const heard = isExact ? witness.map((input) => (input === "hesitated" ? "h" : "r")) : "";
  return `${own}/${kept}/${printBallot(ballot)}${commandKey(command)}/${base}/${proposed}/${heard}`;
}

/** Commands are made again for every attempt, and differ in little. */
function commandKey(command: RegisterCommand): string {
  if (command.kind !== "acquire") return keyOf(command);
  return `${command.request.grantId} ${command.wait} ${command.mayBeGranted} ${command.since}`;
}

/** A command as the proposer of the engine would pass it on, after what it has tried. */
export function commandOf(job: Job, state: ProposerState): RegisterCommand {
  if (job.kind === "release") return { ...job, token: state.token ?? 0n };
  if (job.kind === "cancel") return job;
  const { mayBeGranted, since } = state;
  if (!mayBeGranted) return job;
  return { ...job, mayBeGranted, ...(since === undefined ? {} : { since }) };
}

/** The state in which the next attempt for the job has begun, and its first step. */
export function begin(
  index: number,
  client: Client,
  state: ProposerState,
  seen: Ballot,
): { readonly state: ProposerState; readonly step: Step; readonly attempt: Attempt } {
  const job = client.jobs[state.job] as Job;
  const command = commandOf(job, state);
  const { warm } = state;
  let ballot = warm?.ballot ?? nextBallot(index, state, seen);
  let attempt = new Attempt(ballot, [command], warm);
  let step = attempt.begin();
  let isWarm = warm !== undefined;
  if (warm !== undefined && step.kind === "prepare") {
    // As the engine's proposer does: the regions have promised the warm ballot already.
    ballot = nextBallot(index, state, warm.ballot);
    attempt = new Attempt(ballot, [command], undefined);
    step = attempt.begin();
    isWarm = false;
  }
  const trying: Trying = {
    ballot,
    command,
    warm: isWarm ? warm : undefined,
    proposal: undefined,
    witness: [],
  };
  const round = Math.max(state.round, ballot.round);
  const after = { ...state, round, attempts: state.attempts + 1, warm: undefined, trying };
  return { state: after, step, attempt };
}

/** The next ballot of this life of the proposer. */
export function nextBallot(
  index: number,
  { incarnation, round }: Pick<ProposerState, "incarnation" | "round">,
  seen: Ballot,
): Ballot {
  const source = new BallotSource(index + 1, incarnation);
  return source.next(seen.round < round ? { ...seen, round } : seen);
}

/** Grants that a client may hear were refused: not while another copy of its request is out. */
export function mayRefuse(clients: readonly Client[], command: RegisterCommand): GrantId[] {
  if (command.kind !== "acquire") return [];
  const { grantId } = command.request;
  const askers = clients.filter(({ jobs }) =>
    jobs.some((job) => job.kind === "acquire" && job.request.grantId === grantId),
  );
  return command.mayBeGranted || askers.length === 1 ? [grantId] : [];
}
