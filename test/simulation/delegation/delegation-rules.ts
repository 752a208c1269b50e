import assert from "node:assert/strict";
import { emptyBytes } from "@holdfast/base/bytes";
import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import type { LocalReply, LocalStep } from "@holdfast/core/delegation/local-step";
import { defaultDelegationPolicy } from "@holdfast/core/delegation/recall";
import { Attempt, type Step } from "@holdfast/core/quorum/attempt";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { GlobalRequest } from "@holdfast/core/quorum/register-value";
import { requestOf, sessionOf } from "@holdfast/core/quorum/testing/requests";
import type { LocalAnswer } from "@holdfast/engine/delegated-asking";
import { DelegatedLock } from "@holdfast/engine/delegated-lock";
import {
  type BeatenLease,
  DelegationSession,
  type LeasesOfLock,
} from "@holdfast/engine/delegation-session";
import type { Asking } from "@holdfast/engine/register-proposer";
import { AcceptorTwin } from "../register/acceptor-twin.ts";
import { Timeline } from "../register/timeline.ts";
import { DelegationTwin } from "./delegation-twin.ts";

const ttlMs = 10_000;
type OnLease = (lease: BeatenLease | undefined) => void;
const marker = { key: "v/client", value: emptyBytes, lease: 99n as LeaseId };

/** Three regions' votes, one shard, and coordinators of its region; stalled steps go by hand. */
class Stage {
  readonly timeline = new Timeline();
  readonly shard = new DelegationTwin(() => {});
  readonly #votes = [new AcceptorTwin(), new AcceptorTwin(), new AcceptorTwin()];
  readonly #stalled: (() => void)[] = [];
  /** Kinds of steps that stay on their way until {@link land}. */
  stalls: LocalStep["kind"][] = [];
  #rounds = 0;
  #coordinators = 0;

  constructor() {
    this.shard.leases.add(marker.lease);
  }

  /** A coordinator of the region; its session has a lease everywhere. */
  coordinator(): DelegatedLock<string> {
    const name = `c${++this.#coordinators}`;
    const session = name as SessionId;
    for (const vote of this.#votes) {
      vote.leases.set(session, BigInt(this.#coordinators) as LeaseId);
    }
    const { timeline } = this;
    const clock = {
      monotonicMs: () => timeline.nowMs,
      wallMs: () => timeline.nowMs,
      schedule: (delayMs: number, run: () => void) => {
        const event = timeline.after(delayMs, run);
        return { cancel: () => (event.run = undefined) };
      },
    };
    const lease = BigInt(this.#coordinators) as LeaseId;
    const held = new DelegationSession<string>({
      id: session,
      ttlMs,
      home: 0,
      clock,
      beats: {
        meet: (_region, _lock, _session, answer) =>
          answer({ shard: "s0", lease, validForMs: ttlMs }),
        keepAlive: (_region, _lock, _session, answer) =>
          answer({ shard: "s0", lease, validForMs: ttlMs }),
      },
    });
    let ids = 0;
    return new DelegatedLock<string>({
      region: "east",
      coordinator: name,
      lock: "lock",
      shard: { ask: (step, answer) => this.#ask(step, answer) },
      register: { submit: (asking) => this.#submit(asking) },
      session: () => held,
      sessionOf: () => held,
      mayAdopt: () => true,
      peek: (answer) => {
        const value = this.#votes[0]?.accepted?.value;
        if (value !== undefined) timeline.after(60, () => answer(value, false));
      },
      newId: () => `d-${name}-${++ids}` as GrantId,
      clock,
      random: { next: () => 0.5, bytes: () => emptyBytes },
      policy: defaultDelegationPolicy,
      patienceMs: 50,
      lookMs: 1_000,
    });
  }

  /** What was stalled arrives at the shard, however late; nobody waits for the answers. */
  land(): void {
    for (const arrive of this.#stalled.splice(0)) arrive();
  }

  pass(ms: number): void {
    this.timeline.runUntil(this.timeline.nowMs + ms);
  }

  /** Somebody whose session lives everywhere has the lock. */
  hold(name: string): void {
    for (const vote of this.#votes) vote.leases.set(sessionOf(name), 77n as LeaseId);
    this.do({ kind: "acquire", request: requestOf(name), wait: false, mayBeGranted: true });
  }

  /** Carries a command out in the register at once. */
  do(command: RegisterCommand): void {
    this.#submit({ command, isRepeat: true, isOver: () => false, answer: () => {} });
  }

  get registered(): string[] {
    const { accepted } = this.#votes[0] as AcceptorTwin;
    return (accepted?.value.holders ?? []).map(({ grantId }) => grantId);
  }

  #ask(step: LocalStep, answer: (reply: LocalReply) => void): void {
    if (this.stalls.includes(step.kind)) {
      this.#stalled.push(() => this.shard.carryOut(step));
      return;
    }
    const reply = this.shard.carryOut(step);
    this.timeline.after(1, () => answer(reply));
  }

  #submit({ command, answer }: Asking): void {
    const ballot = { round: ++this.#rounds, proposer: 1, incarnation: 1 };
    const attempt = new Attempt(ballot, [command], undefined);
    let step: Step = attempt.begin();
    for (const [region, vote] of this.#votes.entries()) {
      const after = attempt.onPrepareReply(region, vote.prepare({ ballot, generation: 1 }));
      if (after.kind !== "wait") step = after;
    }
    if (step.kind === "accept") step = this.#accept(attempt, step);
    assert(step.kind === "chosen" || step.kind === "read");
    const { value, outcomes } = step;
    const [outcome] = outcomes;
    assert(outcome !== undefined);
    const confirmed = (grantId: GrantId) => attempt.confirmed(grantId);
    this.timeline.after(60, () => answer({ kind: "decided", outcome, value, confirmed }));
  }

  #accept(attempt: Attempt, step: Extract<Step, { kind: "accept" }>): Step {
    const { ballot } = attempt;
    const next = { ...ballot, round: ++this.#rounds };
    const { value, attach } = step;
    let chosen: Step = { kind: "wait" };
    for (const [region, vote] of this.#votes.entries()) {
      const forget = attempt.forgetIn(region, value);
      const reply = vote.accept({ ballot, value, next, attach, forget, generation: 1 });
      const after = attempt.onAcceptReply(region, reply);
      if (after.kind !== "wait") chosen = after;
    }
    return chosen;
  }
}

function askOf(name: string, answers: LocalAnswer[]) {
  const request: GlobalRequest = requestOf(name, { session: "client" as SessionId });
  const answer = (given: LocalAnswer) => answers.push(given);
  return { request, marker, wait: true, isOver: () => false, answer };
}

/** One rule of delegations, as the few steps that break a system without it. */
export interface DelegationRule {
  readonly rule: string;
  readonly story: string;
  /** A build without the rule, and what the steps say of it. */
  readonly mutant: string;
  readonly fails: string;
  play(): void;
}

/** The parts of [H9]. */
export const delegationRules: readonly DelegationRule[] = [
  {
    rule: "[H9] tombstone",
    story: "what was given up before there was a delegation is not granted by a late one",
    mutant: "no-tombstone-undelegated",
    fails: "a request that was given up has the lock",
    play() {
      const stage = new Stage();
      const [one, other] = [stage.coordinator(), stage.coordinator()];
      stage.hold("h");
      // A client asks through one coordinator, hears nothing, and gives up through another.
      const answers: LocalAnswer[] = [];
      one.acquire(askOf("r", answers));
      stage.pass(200);
      let isOver = false;
      other.cancel({ grantId: "r" as GrantId, marker, answer: () => (isOver = true) });
      stage.pass(200);
      assert(isOver);
      // The first one hears nothing of it, and its delegation comes late.
      stage.do({ kind: "cancel", grantId: "h" as GrantId });
      stage.pass(3_000);
      assert.equal(stage.shard.holder, undefined, "a request that was given up has the lock");
      assert.deepEqual(answers, [{ kind: "given-up" }]);
    },
  },
  {
    rule: "[H9] late open",
    story: "a late open finds the delegation closed, and opens nothing",
    mutant: "opened-again",
    fails: "a delegation was opened after it had ended",
    play() {
      const stage = new Stage();
      const lock = stage.coordinator();
      // Its first open stalls; a second one arrives, is used, and the delegation is given back.
      stage.stalls = ["open"];
      lock.acquire(askOf("r", []));
      stage.pass(150);
      stage.stalls = [];
      stage.pass(200);
      assert.equal(stage.shard.holder?.grantId, "r");
      const { token } = stage.shard.holder ?? { token: 0n };
      lock.release({ grantId: "r" as GrantId, token, marker, answer: () => {} });
      stage.pass(defaultDelegationPolicy.idleMs + 3_000);
      assert.deepEqual(stage.registered, []);
      stage.land();
      assert.equal(stage.shard.state?.isOpen, false, "a delegation was opened after it had ended");
    },
  },
  {
    rule: "[H9] found",
    story: "a delegation that somebody else made is not opened, but left to expire",
    mutant: "found-and-opened",
    fails: "somebody else's delegation was opened",
    play() {
      const stage = new Stage();
      const [one, other] = [stage.coordinator(), stage.coordinator()];
      // One is given a delegation, and stops before it opens it.
      stage.stalls = ["open"];
      one.acquire(askOf("r", []));
      stage.pass(150);
      const [made] = stage.registered;
      one.close();
      stage.stalls = [];
      // Another one of the region is asked for the same lock.
      other.acquire(askOf("s", []));
      stage.pass(3_000);
      assert.equal(stage.shard.state, undefined, "somebody else's delegation was opened");
      assert.deepEqual(stage.registered, [made]);
    },
  },
  {
    rule: "D from the question",
    story: "D counts from before a lease was asked about, however late the answer comes",
    mutant: "d-from-the-answer",
    fails: "D was counted from the answer",
    play() {
      const timeline = new Timeline();
      const clock = {
        monotonicMs: () => timeline.nowMs,
        wallMs: () => timeline.nowMs,
        schedule: () => ({ cancel: () => {} }),
      };
      const lease = 1n as LeaseId;
      const meet = (_region: number, _lock: string, _session: SessionId, answer: OnLease) => {
        timeline.after(500, () => answer({ shard: "s0", lease, validForMs: ttlMs }));
      };
      const id = "s" as SessionId;
      const beats = { meet, keepAlive: meet };
      const session = new DelegationSession<string>({ id, ttlMs, home: 0, clock, beats });
      const leases: LeasesOfLock = new Map();
      session.join("lock", leases, () => {});
      timeline.runUntil(600);
      const confirmed = new Map([0, 1, 2].map((region) => [region, lease]));
      const deadlineMs = session.deadlineMs(confirmed, leases);
      assert.equal(deadlineMs, ttlMs, "D was counted from the answer");
    },
  },
  {
    rule: "late copy",
    story: "a late copy of a request takes nothing from the caller that was told",
    mutant: "given-back-though-told",
    fails: "a lock was given back that its caller believes in",
    play() {
      const stage = new Stage();
      const lock = stage.coordinator();
      const answers: LocalAnswer[] = [];
      lock.acquire(askOf("r", answers));
      stage.pass(200);
      assert.equal(answers[0]?.kind, "granted");
      // A copy that was overtaken on its way arrives when nobody waits for it any more.
      lock.acquire({ ...askOf("r", []), isOver: () => true });
      stage.pass(3_000);
      const holder = stage.shard.holder?.grantId;
      assert.equal(holder, "r", "a lock was given back that its caller believes in");
    },
  },
  {
    rule: "end after close",
    story: "somebody who comes while the end is under way is not let in by the ending delegation",
    mutant: "opened-while-ending",
    fails: "a delegation was opened while its end was under way",
    play() {
      const stage = new Stage();
      const lock = stage.coordinator();
      lock.acquire(askOf("r", []));
      // The shard is slow with another step when the register grants what was asked for r.
      stage.pass(30);
      stage.stalls = ["release"];
      lock.release({ grantId: "x" as GrantId, token: 1n, marker, answer: () => {} });
      stage.pass(35);
      assert.equal(stage.registered.length, 1);
      // The one who waited gives up, so what nobody touched is given back …
      lock.cancel({ grantId: "r" as GrantId, marker, answer: () => {} });
      stage.pass(20);
      assert.deepEqual(stage.registered, []);
      // … and then somebody comes.
      lock.acquire(askOf("s", []));
      stage.pass(20);
      const opened = stage.shard.state?.id;
      assert.equal(opened, undefined, "a delegation was opened while its end was under way");
      stage.pass(1_000);
      assert.equal(stage.shard.holder?.grantId, "s");
    },
  },
];
