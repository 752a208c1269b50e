import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { defaultDelegationPolicy } from "@holdfast/core/delegation/recall";
import { decide } from "@holdfast/core/quorum/register";
import { emptyRegister } from "@holdfast/core/quorum/register-value";
import { acquireOf } from "@holdfast/core/quorum/testing/requests";
import { expect, test } from "vitest";
import { type BeatenLease, DelegationSession } from "./delegation-session.ts";
import { DelegationTenure, delegationRequest } from "./delegation-tenure.ts";
import type { Asking } from "./register-proposer.ts";

const ttlMs = 6_000;
const home = 0;
const nobody: ReadonlySet<GrantId> = new Set();

/**
 * A delegation that another coordinator asked for, and was given unless somebody has the lock
 * `before` it. Its own region is silent for a while.
 */
function adopted(before = emptyRegister) {
  const clock = new ManualClock();
  const silent: ((lease: BeatenLease) => void)[] = [];
  const leaseOf = (region: number) => {
    return { shard: "s0", lease: BigInt(region + 1) as LeaseId, validForMs: ttlMs };
  };
  const answerIn = (region: number, answer: (lease: BeatenLease) => void) => {
    if (region === home) silent.push(answer);
    else answer(leaseOf(region));
  };
  const session = new DelegationSession<string>({
    ...{ id: "coordinator" as SessionId, ttlMs, home, clock },
    beats: {
      meet: (region, _lock, _session, answer) => answerIn(region, answer),
      keepAlive: (region, _lock, _session, answer) => answerIn(region, answer),
    },
  });
  const request = delegationRequest("d1" as GrantId, "here", session, 0);
  const asked: Asking[] = [];
  let isOver = false;
  let doubts = 0;
  const tenure = new DelegationTenure<string>({
    ...{ request, wasAsked: true, session, lock: "lock", clock, pauseMs: 1_000 },
    policy: defaultDelegationPolicy,
    register: { submit: (asking) => void asked.push(asking) },
    onChange: () => {},
    onDoubt: () => {
      doubts++;
    },
    onOver: () => {
      isOver = true;
    },
  });
  const acquire = { kind: "acquire", request, wait: true, mayBeGranted: false } as const;
  const { value, outcomes } = decide(before, [acquire], nobody);
  const [outcome] = outcomes;
  /** The register says what came of it, and no two regions confirm that anybody has it yet. */
  const answerUnconfirmed = (now = value) => {
    if (outcome === undefined) throw new Error("one command has one outcome");
    asked.at(-1)?.answer({ kind: "decided", outcome, value: now, confirmed: () => new Map() });
  };
  const speak = () => {
    for (const answer of silent.splice(0)) answer(leaseOf(home));
  };
  const counted = { isOver: () => isOver, doubts: () => doubts };
  return { clock, tenure, asked, value, answerUnconfirmed, speak, ...counted };
}

test("one whose region was silent at first is not kept alive for ever without being ended", async () => {
  const { clock, tenure, asked, value, answerUnconfirmed, speak, isOver } = adopted();
  tenure.hint(value, true);
  expect(asked.map(({ command }) => command.kind)).toEqual(["acquire"]);
  await clock.advance(ttlMs / 3);
  speak();
  answerUnconfirmed();
  await clock.advance(ttlMs);
  // It is asked about once more, for its region has answered; then nobody wants it any more.
  answerUnconfirmed();
  tenure.end();
  expect(isOver()).toBe(false);
  expect(asked.map(({ command }) => command.kind)).toEqual(["acquire", "acquire", "cancel"]);
});

test("one whose region stays silent is left to end", async () => {
  const { clock, tenure, value, isOver } = adopted();
  tenure.hint(value, true);
  await clock.advance(ttlMs);
  expect(isOver()).toBe(true);
});

test("whoever it waits behind is doubted once for each version of the register", async () => {
  const { value: before } = decide(emptyRegister, [acquireOf("dead")], nobody);
  const { clock, tenure, asked, value, answerUnconfirmed, speak, doubts } = adopted(before);
  speak();
  answerUnconfirmed();
  await clock.advance(ttlMs);
  expect(doubts()).toBe(1);
  // The look that followed has the register asked again; a region is away, and all is as it was.
  tenure.hint(value, true);
  answerUnconfirmed();
  await clock.advance(ttlMs);
  expect(asked).toHaveLength(2);
  expect(doubts()).toBe(1);
  const { value: newer } = decide(value, [acquireOf("another", { wait: true })], nobody);
  tenure.hint(newer, true);
  answerUnconfirmed(newer);
  await clock.advance(ttlMs);
  expect(doubts()).toBe(2);
});
