import type { GrantId, LeaseId, SessionId } from "@holdfast/base/ids";
import { ManualClock } from "@holdfast/base/manual-clock";
import { defaultDelegationPolicy } from "@holdfast/core/delegation/recall";
import { decide } from "@holdfast/core/quorum/register";
import { emptyRegister } from "@holdfast/core/quorum/register-value";
import { expect, test } from "vitest";
import { type BeatenLease, DelegationSession } from "./delegation-session.ts";
import { DelegationTenure, delegationRequest } from "./delegation-tenure.ts";
import type { Asking } from "./register-proposer.ts";

const ttlMs = 6_000;
const home = 0;

/** A delegation that another coordinator was given, and whose own region is silent for a while. */
function adopted() {
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
  const tenure = new DelegationTenure<string>({
    ...{ request, wasAsked: true, session, lock: "lock", clock, pauseMs: 1_000 },
    policy: defaultDelegationPolicy,
    register: { submit: (asking) => void asked.push(asking) },
    onChange: () => {},
    onDoubt: () => {},
    onOver: () => {
      isOver = true;
    },
  });
  const acquire = { kind: "acquire", request, wait: true, mayBeGranted: false } as const;
  const { value, outcomes } = decide(emptyRegister, [acquire], new Set());
  const [outcome] = outcomes;
  /** The register says that it has it, and no two regions confirm that yet. */
  const answerUnconfirmed = () => {
    if (outcome === undefined) throw new Error("one command has one outcome");
    asked.at(-1)?.answer({ kind: "decided", outcome, value, confirmed: () => new Map() });
  };
  const speak = () => {
    for (const answer of silent.splice(0)) answer(leaseOf(home));
  };
  return { clock, tenure, asked, value, answerUnconfirmed, speak, isOver: () => isOver };
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
