import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { Attempt, type Step } from "./attempt.ts";
import type { Ballot } from "./ballot.ts";
import type { Accepted, Promised } from "./message.ts";
import { decide } from "./register.ts";
import type { RegisterCommand } from "./register-command.ts";
import { emptyRegister, type RegisterValue } from "./register-value.ts";
import { acquireOf } from "./testing/requests.ts";

const ballot = (round: number): Ballot => ({ round, proposer: 1, incarnation: 1 });

/** A register that `name` holds. */
const heldBy = (name: string): RegisterValue =>
  decide(emptyRegister, [acquireOf(name)], new Set()).value;

function promise(
  accepted: Accepted | undefined,
  live: readonly string[] = [],
  halfTrusted = false,
): Promised {
  return {
    kind: "promised",
    ...(accepted === undefined ? {} : { accepted }),
    live: live.map((name) => ({ grantId: name as GrantId, lease: 7n as LeaseId })),
    halfTrusted,
  };
}

const begin = (...commands: RegisterCommand[]) => new Attempt(ballot(9), commands, undefined);

function proposed(step: Step): RegisterValue {
  if (step.kind !== "accept") throw new Error(`${step.kind} instead of an accept`);
  return step.value;
}

test("two promises are enough to propose, and two accepts to choose", () => {
  const attempt = begin(acquireOf("a"));
  expect(attempt.begin()).toEqual({ kind: "prepare" });
  expect(attempt.onPrepareReply(0, promise(undefined))).toEqual({ kind: "wait" });
  expect(attempt.onPrepareReply(0, promise(undefined))).toEqual({ kind: "wait" });
  const value = proposed(attempt.onPrepareReply(2, promise(undefined)));
  expect(value.holders).toHaveLength(1);
  expect(attempt.onAcceptReply(1, { kind: "accepted", attached: [] })).toEqual({ kind: "wait" });
  expect(attempt.onAcceptReply(1, { kind: "accepted", attached: [] })).toEqual({ kind: "wait" });
  expect(attempt.onAcceptReply(2, { kind: "accepted", attached: [] })).toMatchObject({
    kind: "chosen",
    outcomes: [{ kind: "granted" }],
  });
});

test("the value of the highest ballot is the one to go on from", () => {
  const older = { ballot: ballot(3), value: heldBy("old") };
  const newer = { ballot: ballot(5), value: heldBy("new") };
  const attempt = begin(acquireOf("a", { mayBeGranted: true }));
  attempt.begin();
  attempt.onPrepareReply(0, promise(older, ["old"]));
  // Where the older one is, the newer grant's liveness is not known yet.
  expect(attempt.onPrepareReply(1, promise(newer, ["new"]))).toEqual({ kind: "hesitate" });
  expect(proposed(attempt.hesitated()).holders).toMatchObject([{ grantId: "new" }]);
});

test("a value seen in one region only is written back before anybody is told of it", () => {
  const accepted = { ballot: ballot(5), value: heldBy("h") };
  const attempt = begin(acquireOf("a"));
  attempt.begin();
  attempt.onPrepareReply(0, promise(accepted, ["h"]));
  attempt.onPrepareReply(1, promise(undefined));
  const step = attempt.onPrepareReply(2, promise({ ...accepted, ballot: ballot(4) }, ["h"]));
  expect(proposed(step)).toBe(accepted.value);
});

test("a value that two regions show is told without a write", () => {
  const accepted = { ballot: ballot(5), value: heldBy("h") };
  const attempt = begin(acquireOf("a"));
  attempt.begin();
  attempt.onPrepareReply(0, promise(accepted, ["h"]));
  expect(attempt.onPrepareReply(1, promise(accepted, ["h"]))).toMatchObject({
    kind: "read",
    outcomes: [{ kind: "held" }],
  });
});

test("where one region calls the holder gone, the third is waited for before anybody is refused", () => {
  const accepted = { ballot: ballot(5), value: heldBy("h") };
  const start = () => {
    const attempt = begin(acquireOf("a"));
    attempt.begin();
    attempt.onPrepareReply(0, promise(accepted, ["h"]));
    expect(attempt.onPrepareReply(1, promise(accepted))).toEqual({ kind: "hesitate" });
    return attempt;
  };
  expect(proposed(start().onPrepareReply(2, promise(accepted))).holders).toMatchObject([
    { grantId: "a" },
  ]);
  expect(start().hesitated()).toMatchObject({ kind: "read", outcomes: [{ kind: "held" }] });
});

test("what a region lacks that lost its data proves nothing", () => {
  const accepted = { ballot: ballot(5), value: heldBy("h") };
  const attempt = begin(acquireOf("a"));
  attempt.begin();
  attempt.onPrepareReply(0, promise(accepted));
  attempt.onPrepareReply(1, promise(accepted, [], true));
  expect(attempt.onPrepareReply(2, promise(accepted, ["h"]))).toMatchObject({
    kind: "read",
    outcomes: [{ kind: "held" }],
  });
});

test("regions that show a grant under different ballots do not add up to a confirmation", () => {
  const value = heldBy("a");
  const attempt = begin(acquireOf("a", { mayBeGranted: true }));
  attempt.begin();
  attempt.onPrepareReply(0, promise({ ballot: ballot(5), value }, ["a"]));
  const step = attempt.onPrepareReply(1, promise({ ballot: ballot(6), value }, ["a"]));
  expect(step).toMatchObject({ kind: "accept", attach: [{ grantId: "a" }] });
  attempt.onAcceptReply(0, {
    kind: "accepted",
    attached: [{ grantId: "a" as GrantId, lease: 8n as LeaseId }],
  });
  attempt.onAcceptReply(2, { kind: "accepted", attached: [] });
  expect([...attempt.confirmed("a" as GrantId)]).toEqual([[0, 8n]]);
});

test("two refusals end an attempt, and say above which ballot to go on", () => {
  const attempt = begin(acquireOf("a"));
  attempt.begin();
  expect(attempt.onPrepareReply(0, { kind: "refused", promised: ballot(11) })).toEqual({
    kind: "wait",
  });
  expect(attempt.onPrepareReply(1, { kind: "refused", promised: ballot(10) })).toEqual({
    kind: "lost",
    seen: ballot(11),
  });
});

test("one refusal of an accept leaves the decision to the third region", () => {
  for (const last of ["accepted", "refused"] as const) {
    const attempt = begin(acquireOf("a"));
    attempt.begin();
    attempt.onPrepareReply(0, promise(undefined));
    attempt.onPrepareReply(1, promise(undefined));
    attempt.onAcceptReply(0, { kind: "accepted", attached: [] });
    attempt.onAcceptReply(1, { kind: "refused", promised: ballot(12) });
    const answer =
      last === "accepted"
        ? ({ kind: "accepted", attached: [] } as const)
        : ({ kind: "refused", promised: ballot(12) } as const);
    expect(attempt.onAcceptReply(2, answer).kind).toBe(last === "accepted" ? "chosen" : "lost");
  }
});

test("answers of another generation end an attempt: they never count with ours", () => {
  const attempt = begin(acquireOf("a"));
  attempt.begin();
  attempt.onPrepareReply(0, promise(undefined));
  const other = { kind: "other-generation", generation: 4 } as const;
  expect(attempt.onPrepareReply(1, other)).toEqual(other);
  expect(attempt.onPrepareReply(2, promise(undefined))).toEqual({ kind: "wait" });
});

test("a warm attempt proposes at once, unless somebody is in the way", () => {
  const free = new Attempt(ballot(9), [acquireOf("a")], { value: emptyRegister });
  expect(free.begin().kind).toBe("accept");
  const held = new Attempt(ballot(9), [acquireOf("a")], { value: heldBy("h") });
  expect(held.begin()).toEqual({ kind: "prepare" });
});

test("an attempt knows the version it decides on, or a repeat would be forgotten for no reason", () => {
  const value = heldBy("h");
  expect(new Attempt(ballot(9), [acquireOf("a")], { value }).version).toBe(value.version);
  const cold = begin(acquireOf("a"));
  expect(cold.version).toBe(0);
  cold.onPrepareReply(0, promise({ ballot: ballot(5), value }, ["h"]));
  expect(cold.version).toBe(value.version);
});

test("a grant that reached one region only is not taken from who waits for it", () => {
  const before = { ballot: ballot(3), value: { ...emptyRegister, version: 1 } };
  const granted = { ballot: ballot(5), value: heldBy("waiter") };
  const attempt = begin(acquireOf("a", { wait: true }));
  attempt.begin();
  attempt.onPrepareReply(0, promise(before));
  expect(attempt.onPrepareReply(1, promise(granted, ["waiter"]))).toEqual({ kind: "hesitate" });
  const step = attempt.onPrepareReply(2, promise(before));
  expect(proposed(step)).toMatchObject({
    holders: [{ grantId: "waiter" }],
    waiters: [{ grantId: "a" }],
  });
  // Chosen by this ballot, it would have one region's liveness: the next one would call it gone.
  expect(step).toMatchObject({ attach: [{ grantId: "waiter" }] });
});

test("a grant that two regions know is taken once both say that nobody lives", () => {
  const granted = { ballot: ballot(5), value: heldBy("dead") };
  const before = { ballot: ballot(3), value: emptyRegister };
  const attempt = begin(acquireOf("a", { wait: true }));
  attempt.begin();
  attempt.onPrepareReply(0, promise(granted));
  const step = attempt.onPrepareReply(1, promise(granted));
  expect(proposed(step).holders).toMatchObject([{ grantId: "a" }]);
  expect(attempt.onPrepareReply(2, promise(before))).toEqual({ kind: "wait" });
});

test("a third region that refuses is asked again under a higher ballot before anybody waits", () => {
  const held = { ballot: ballot(5), value: heldBy("near") };
  const attempt = begin(acquireOf("a"));
  attempt.begin();
  attempt.onPrepareReply(0, promise(held, ["near"]));
  expect(attempt.onPrepareReply(1, promise(held))).toEqual({ kind: "hesitate" });
  const higher = ballot(40);
  expect(attempt.onPrepareReply(2, { kind: "refused", promised: higher })).toEqual({
    kind: "lost",
    seen: higher,
  });
});
