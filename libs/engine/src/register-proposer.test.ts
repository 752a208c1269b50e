import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { type Random, SeededRandom } from "@holdfast/base/random";
import {
  type Ballot,
  BallotSource,
  compareBallots,
  zeroBallot,
} from "@holdfast/core/quorum/ballot";
import type { Accepted, AcceptRequest, PrepareRequest } from "@holdfast/core/quorum/message";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import { acquireOf } from "@holdfast/core/quorum/testing/requests";
import { expect, test } from "vitest";
import { type Acceptors, type ProposerAnswer, RegisterProposer } from "./register-proposer.ts";

/** Three regions that answer after 10 ms unless told otherwise, or not at all. */
class Regions implements Acceptors {
  readonly prepares: PrepareRequest[] = [];
  readonly accepts: AcceptRequest[] = [];
  /** Of what was asked in region 0, where it was traced. */
  readonly traces: (string | undefined)[] = [];
  /** Which regions hear of a prepare, and of an accept. */
  hearPrepare: readonly number[] = [0, 1, 2];
  hearAccept: readonly number[] = [0, 1, 2];
  generation = 1;
  /** Which are known at once to answer nothing. */
  silent: readonly number[] = [];
  /** After how long each answers. */
  answerMs: readonly number[] = [10, 10, 10];
  /** Grants whose liveness each shows in a promise. */
  live: readonly (readonly string[])[] = [[], [], []];
  readonly repairs: { readonly region: number; readonly request: AcceptRequest }[] = [];
  readonly #clock: ManualClock;
  readonly #states = [0, 1, 2].map((): { promised: Ballot; accepted?: Accepted } => ({
    promised: zeroBallot,
  }));

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  prepare(
    region: number,
    request: PrepareRequest,
    answer: Parameters<Acceptors["prepare"]>[2],
    traceparent?: string,
  ) {
    if (region === 0) this.prepares.push(request);
    if (region === 0) this.traces.push(traceparent);
    if (this.silent.includes(region)) return answer(undefined);
    if (!this.hearPrepare.includes(region)) return;
    const state = this.#states[region];
    if (state === undefined) return;
    const { accepted, promised } = state;
    const isHigher = compareBallots(request.ballot, promised) > 0;
    if (isHigher) state.promised = request.ballot;
    const shown = accepted === undefined ? {} : { accepted };
    const live = (this.live[region] ?? []).map((grantId) => {
      return { grantId: grantId as GrantId, lease: 5n as LeaseId };
    });
    this.#clock.schedule(this.answerMs[region] ?? 10, () =>
      answer(
        isHigher
          ? { kind: "promised", ...shown, live, halfTrusted: false }
          : { kind: "refused", promised },
      ),
    );
  }

  /** Another coordinator has made its next change in all regions. */
  goOn(): void {
    for (const state of this.#states) {
      state.promised = { ...state.promised, round: state.promised.round + 1 };
    }
  }

  repair(region: number, request: AcceptRequest): void {
    this.repairs.push({ region, request });
  }

  accept(
    region: number,
    request: AcceptRequest,
    answer: Parameters<Acceptors["accept"]>[2],
    traceparent?: string,
  ) {
    if (region === 0) this.accepts.push(request);
    if (region === 0) this.traces.push(traceparent);
    if (this.silent.includes(region)) return answer(undefined);
    if (!this.hearAccept.includes(region)) return;
    const state = this.#states[region];
    if (state === undefined) return;
    state.promised = request.next;
    state.accepted = { ballot: request.ballot, value: request.value };
    const attached = request.attach.map(({ grantId }) => ({ grantId, lease: 5n as LeaseId }));
    this.#clock.schedule(10, () => answer({ kind: "accepted", attached }));
  }
}

function rig(random: Random = new SeededRandom(1)) {
  const clock = new ManualClock();
  const regions = new Regions(clock);
  const rounds: string[] = [];
  const proposer = new RegisterProposer({
    acceptors: regions,
    ballots: new BallotSource(1, 1),
    clock,
    random,
    generation: () => regions.generation,
    onGeneration: () => {},
    roundTripMs: () => 20,
    farthestMs: () => Math.max(20, ...regions.answerMs),
    onRound: (kind, outcome, tookMs) => void rounds.push(`${kind} ${outcome} ${tookMs}`),
    tracer: { keeps: () => true, span: (name) => ({ traceparent: name, end: () => {} }) },
  });
  const ask = (command: RegisterCommand, isOver = () => false, traceparent?: string) => {
    const answers: ProposerAnswer[] = [];
    const answer = (given: ProposerAnswer) => void answers.push(given);
    proposer.submit({ command, isRepeat: false, isOver, answer, traceparent });
    return answers;
  };
  return { clock, regions, proposer, ask, rounds };
}

function acquire(name: string): RegisterCommand {
  return acquireOf(name, { wait: true });
}

function outcomesOf(answers: readonly ProposerAnswer[]): string[] {
  return answers.map((answer) => (answer.kind === "decided" ? answer.outcome.kind : answer.kind));
}

test("a cold change takes two round trips, and the next of the same proposer one", async () => {
  const { clock, regions, ask } = rig();
  const first = ask(acquire("a"));
  await clock.advance(20);
  expect(outcomesOf(first)).toEqual(["granted"]);
  expect(regions.prepares).toHaveLength(1);
  const second = ask({ kind: "release", grantId: "a" as GrantId, token: 1n << 20n });
  await clock.advance(10);
  expect(outcomesOf(second)).toEqual(["released"]);
  expect(regions.prepares).toHaveLength(1);
});

test("votes are asked for in the trace of the command, and in none where it is not kept", async () => {
  const { clock, regions, ask } = rig();
  ask(acquire("a"), undefined, `00-${"1".repeat(32)}-${"a".repeat(16)}-01`);
  await clock.advance(20);
  expect(regions.traces.splice(0)).toEqual(["quorum prepare", "quorum accept"]);
  ask(acquire("b"), undefined, `00-${"1".repeat(32)}-${"a".repeat(16)}-00`);
  await clock.advance(10);
  expect(regions.traces).toEqual([undefined]);
});

test("each round is told of once, by what was asked, how it ended and how long that took", async () => {
  const { clock, regions, ask, rounds } = rig();
  ask(acquire("a"));
  await clock.advance(20);
  expect(rounds.splice(0)).toEqual(["prepare won 10", "accept won 10"]);
  ask({ kind: "release", grantId: "a" as GrantId, token: 1n << 20n });
  await clock.advance(10);
  expect(rounds.splice(0)).toEqual(["warm won 10"]);
  regions.goOn();
  regions.hearAccept = [0];
  ask(acquire("b"), () => clock.monotonicMs() > 200);
  await clock.advance(10_000);
  expect(new Set(rounds.map((round) => round.replace(/ \d.*$/, "")))).toContain("warm no_quorum");
});

test("a grant is confirmed by the regions that put its liveness, and the third may come later", async () => {
  const { clock, ask } = rig();
  const [answer] = await (async () => {
    const answers = ask(acquire("a"));
    await clock.advance(20);
    return answers;
  })();
  if (answer?.kind !== "decided") throw new Error("it is granted");
  expect([...answer.confirmed("a" as GrantId).keys()].length).toBeGreaterThanOrEqual(2);
  await clock.advance(10);
  expect([...answer.confirmed("a" as GrantId).keys()]).toEqual([0, 1, 2]);
});

test("commands that come while a proposal is under way go together", async () => {
  const { clock, regions, ask, proposer } = rig();
  const all = ["a", "b", "c", "d"].map((name) => ask(acquire(name)));
  await clock.advance(40);
  expect(all.map(outcomesOf)).toEqual([["granted"], ["waiting"], ["waiting"], ["waiting"]]);
  expect(regions.accepts).toHaveLength(2);
  expect(proposer.isIdle).toBe(true);
});

test("with one region in reach nothing is proposed, and nothing is left open", async () => {
  const { clock, regions, ask } = rig();
  regions.hearPrepare = [0];
  const answers = ask(acquire("a"));
  await clock.advance(10_000);
  expect(outcomesOf(answers)).toEqual(["no-quorum"]);
  expect(regions.accepts).toHaveLength(0);
});

test("with two regions known to be silent that is said at once, with those that answered", async () => {
  const { clock, regions, ask } = rig();
  regions.silent = [1, 2];
  const answers = ask(acquire("a"));
  await clock.advance(10);
  expect(answers).toEqual([{ kind: "no-quorum", heard: [0] }]);
});

test("a region that is known to be silent holds nothing up, and is told of the choice later", async () => {
  const { clock, regions, ask } = rig();
  regions.silent = [2];
  const answers = ask(acquire("a"));
  await clock.advance(20);
  expect(outcomesOf(answers)).toEqual(["granted"]);
  expect(regions.repairs).toEqual([{ region: 2, request: regions.accepts[0] }]);
});

test("what was proposed and not answered may yet come true, and is said to be unknown", async () => {
  const { clock, regions, ask } = rig();
  regions.hearAccept = [0];
  const answers = ask(acquire("a"));
  await clock.advance(20_000);
  expect(outcomesOf(answers)).toEqual(["unknown"]);
  regions.hearAccept = [0, 1, 2];
  const repeat = ask(acquire("a"));
  await clock.advance(100);
  expect(outcomesOf(repeat)).toEqual(["granted"]);
});

test("every attempt has a ballot of its own, above those before it", async () => {
  const { clock, regions, ask } = rig();
  regions.hearAccept = [];
  ask(acquire("a"));
  await clock.advance(20_000);
  const ballots = regions.prepares.map(({ ballot }) => ballot);
  expect(ballots.length).toBeGreaterThan(3);
  for (const [index, ballot] of ballots.entries()) {
    expect(compareBallots(ballot, ballots[index - 1] ?? zeroBallot)).toBeGreaterThan(0);
  }
});

test("one that was beaten comes back ahead of those who went on meanwhile", async () => {
  // It always waits nearly as long as it may, and they take two round trips a change.
  const random = Object.assign(new SeededRandom(1), { next: () => 0.95 });
  const { clock, regions, ask } = rig(random);
  regions.goOn();
  const goOn = (): void => {
    regions.goOn();
    clock.schedule(10, goOn);
  };
  goOn();
  const answers = ask(acquire("a"));
  await clock.advance(1_000);
  expect(outcomesOf(answers)).toEqual(["granted"]);
});

test("whom one region alone calls gone is decided on by the third, however far that is [H8]", async () => {
  const { clock, regions, ask } = rig();
  ask(acquire("a"));
  await clock.advance(20);
  regions.live = [["a"], [], []];
  regions.answerMs = [1, 20, 45];
  const answers = ask(acquireOf("b", { wait: false }));
  await clock.advance(44);
  expect(answers).toEqual([]);
  await clock.advance(20);
  expect(outcomesOf(answers)).toEqual(["granted"]);
});

test("what nobody waits for any more is not proposed", async () => {
  const { clock, regions, ask } = rig();
  let isOver = false;
  const answers = ask(acquire("a"), () => isOver);
  await clock.advance(5);
  isOver = true;
  await clock.advance(1_000);
  expect(regions.accepts).toHaveLength(0);
  expect(outcomesOf(answers)).toEqual(["contended"]);
});

test.each([10_000, 10_001])(
  "of %i commands in line the last is taken on or told so at once",
  (count) => {
    const { ask } = rig();
    const tend = { kind: "tend" } as const;
    ask(acquire("under way"));
    for (let index = 1; index < count; index++) ask(tend);
    expect(outcomesOf(ask(tend))).toEqual(count <= 10_000 ? [] : ["contended"]);
  },
);

test("an attempt is of one generation, and a promise of an earlier one is worth nothing", async () => {
  const { clock, regions, ask } = rig();
  const first = ask(acquire("a"));
  await clock.advance(5);
  regions.generation = 2;
  await clock.advance(15);
  expect(outcomesOf(first)).toEqual(["granted"]);
  expect(regions.accepts.map(({ generation }) => generation)).toEqual([1]);
  // The one that came along with the accept would have saved a round trip.
  ask({ kind: "release", grantId: "a" as GrantId, token: 1n << 20n });
  await clock.advance(20);
  expect(regions.prepares.map(({ generation }) => generation)).toEqual([1, 2]);
});

test("whoever saw that others went on begins above them, and proposes nothing on what is past", async () => {
  const { clock, regions, ask, proposer } = rig();
  ask(acquire("a"));
  await clock.advance(20);
  proposer.saw({ round: 7, proposer: 9, incarnation: 1 }, 5);
  ask({ kind: "release", grantId: "a" as GrantId, token: 1n << 20n });
  await clock.advance(10);
  expect(regions.prepares.at(-1)?.ballot.round).toBe(9);
  expect(regions.accepts.at(-1)?.ballot.round).toBe(9);
});
