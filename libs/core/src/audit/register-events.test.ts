import { utf8 } from "@holdfast/base/bytes";
import type { GrantId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { globalRegion } from "../lock/lock-id.ts";
import { decide } from "../quorum/register.ts";
import { encodeAccepted } from "../quorum/register-codec.ts";
import type { RegisterCommand } from "../quorum/register-command.ts";
import { emptyRegister, type RegisterValue } from "../quorum/register-value.ts";
import { acquireOf, requestOf } from "../quorum/testing/requests.ts";
import type { Happening } from "./event.ts";
import { registerEvents } from "./register-events.ts";

const lock = { region: globalRegion, namespace: "default", name: "l" };
const waits = (name: string) => acquireOf(name, { wait: true });
const cancel = (name: string) => ({ kind: "cancel", grantId: name as GrantId }) as const;

/** The value after some commands, each of which makes a version of its own. */
function after(base: RegisterValue, ...commands: RegisterCommand[]): RegisterValue {
  return commands.reduce((value, command) => decide(value, [command], new Set()).value, base);
}

function releaseAll(base: RegisterValue): RegisterValue {
  const releases = base.holders.map(({ grantId, token }) => {
    return { kind: "release", grantId, token } as const;
  });
  return after(base, ...releases);
}

function stored(value: RegisterValue, round: number) {
  const bytes = encodeAccepted({ round, proposer: 1, incarnation: 1 }, value);
  return { key: "a", value: bytes, createRevision: 1n, modRevision: 2n, lease: 0n };
}

/** What a copy shows that goes from one value to the next. */
function step(base: RegisterValue | undefined, next: RegisterValue, round = 2): Happening[] {
  const before = base === undefined ? {} : { before: stored(base, 1) };
  return registerEvents(lock, { key: "a", ...before, after: stored(next, round) });
}

function brief(events: readonly Happening[]): string[] {
  return events.map((each) => {
    const whose = "grantId" in each ? ` ${each.grantId}` : "";
    return `${each.kind}${whose}${"cause" in each ? ` ${each.cause}` : ""}`;
  });
}

const held = after(emptyRegister, acquireOf("a"));
const line = after(held, waits("b"), waits("c"));

test("a first value tells everybody who has the lock and who waits", () => {
  expect(brief(step(undefined, line))).toEqual([
    "GlobalGranted a",
    "WaiterQueued b",
    "WaiterQueued c",
  ]);
});

test("a grant says its token, the ballot and the version that show it", () => {
  const [event] = step(emptyRegister, held, 7);
  const ballot = { round: 7, proposer: 1, incarnation: 1 };
  const expected = { token: 1n << 20n, ballot, version: 1, home: "east", owner: "a", lock };
  expect(event).toMatchObject(expected);
  expect(JSON.stringify({ ...event, token: "" })).not.toContain("session of");
});

test("a release that hands over ends one tenure and begins the next", () => {
  expect(brief(step(line, releaseAll(line)))).toEqual([
    "GlobalReleased a released",
    "GlobalGranted b",
  ]);
});

test.each([
  [cancel("a"), "GlobalReleased a cancelled"],
  [{ kind: "force" } as const, "GlobalForceReleased a forced"],
])("a holder's end says how it came, by %j", (command, told) => {
  expect(brief(step(held, after(held, command)))).toEqual([told]);
});

test("a holder that two regions call gone is taken over from", () => {
  const { value } = decide(line, [{ kind: "tend" }], new Set(["a" as GrantId]));
  expect(brief(step(line, value))).toEqual(["GlobalTakenOver a lost", "GlobalGranted b"]);
});

test("a request that is refused for good is told, though it never had anything", () => {
  const refused = after(held, acquireOf("x", { mayBeGranted: true }));
  expect(brief(step(held, refused))).toEqual(["GlobalRefused x refused"]);
  expect(brief(step(held, after(held, cancel("y"))))).toEqual(["GlobalRefused y cancelled"]);
});

test("the same value under another ballot is a vote, and no new grant", () => {
  expect(step(line, line, 9)).toEqual([
    {
      kind: "GlobalAccepted",
      lock,
      ballot: { round: 9, proposer: 1, incarnation: 1 },
      version: line.version,
    },
  ]);
});

test("one that had the lock in versions the copy skipped leaves the line as granted", () => {
  const later = releaseAll(releaseAll(line));
  expect(brief(step(line, later))).toEqual([
    "GlobalReleased a released",
    "WaiterLeft b granted",
    "GlobalGranted c",
  ]);
});

test("a tenure that began and ended in versions the copy skipped is for the others to tell", () => {
  expect(brief(step(emptyRegister, releaseAll(held)))).toEqual(["GlobalAccepted"]);
});

test("a copy that skipped more than the register remembers says that it does not know", () => {
  const others = Array.from({ length: 20 }, (_, index) => cancel(`other ${index}`));
  const later = after(releaseAll(line), ...others);
  const told = brief(step(line, later)).filter((each) => !each.includes("other"));
  expect(told).toEqual(["GlobalReleased a unknown", "GlobalGranted b"]);
});

test("a value that no quorum chose is taken back when the chosen one comes", () => {
  // Both are made from the same base, so both have version 2.
  const base = after(emptyRegister, cancel("z"));
  const [mine, chosen] = [after(base, acquireOf("mine")), after(base, acquireOf("theirs"))];
  expect(brief(step(mine, chosen))).toEqual([
    "GlobalReleased mine unchosen",
    "GlobalGranted theirs",
  ]);
  expect(brief(step(mine, base))).toEqual(["GlobalReleased mine unchosen"]);
  const later = after(chosen, waits("w"));
  expect(brief(step(mine, later))).toEqual([
    "GlobalReleased mine unchosen",
    "GlobalGranted theirs",
    "WaiterQueued w",
  ]);
});

test("one request with another token had two grants, of which one was not chosen", () => {
  const mine = after(emptyRegister, acquireOf("a"));
  const chosen = after(emptyRegister, acquireOf("b"), cancel("b"), acquireOf("a"));
  expect(brief(step(mine, chosen))).toEqual([
    "GlobalReleased a unchosen",
    "GlobalGranted a",
    "GlobalRefused b cancelled",
  ]);
});

test("a delegation is given, goes on under the next counter, and ends", () => {
  const request = requestOf("d", { delegation: true });
  const given = after(emptyRegister, acquireOf("d", { request }));
  const [holder] = given.holders;
  if (holder === undefined) throw new Error("it has the lock");
  const { grantId, token } = holder;
  const renewed = after(given, { kind: "renew-delegation", grantId, token });
  expect(brief(step(undefined, given))).toEqual(["DelegationGiven d"]);
  const [again] = step(given, renewed);
  expect(again).toMatchObject({ kind: "DelegationRenewed", token: token + (1n << 20n) });
  expect(brief(step(renewed, releaseAll(renewed)))).toEqual(["DelegationEnded d released"]);
  // An older counter was never followed by a newer one that this copy had before.
  expect(brief(step(renewed, given))).toEqual(["DelegationEnded d unchosen", "DelegationGiven d"]);
});

test("bytes that cannot be read, or hold what nobody would write, are told and not guessed at", () => {
  const odd = (value: RegisterValue) => step(held, value);
  const unreadable = [{ kind: "RecordUnreadable", record: "a", change: "put", lock }];
  const [holder] = held.holders;
  if (holder === undefined) throw new Error("it has the lock");
  expect(odd({ ...held, version: -1 })).toEqual(unreadable);
  expect(odd({ ...held, holders: [{ ...holder, owner: 5 as never }] })).toEqual(unreadable);
  expect(odd({ ...held, holders: [{ ...holder, token: 1n << 65n }] })).toEqual(unreadable);
  const damaged = { ...stored(held, 1), value: utf8("no ballot") };
  expect(registerEvents(lock, { key: "a", before: stored(held, 1), after: damaged })).toEqual(
    unreadable,
  );
  // What comes after it is told as if it were the first.
  const next = registerEvents(lock, { key: "a", before: damaged, after: stored(held, 2) });
  expect(brief(next)).toEqual(["GlobalGranted a"]);
});

test("a register that is deleted, as none ever is, is told with all who had it", () => {
  expect(brief(registerEvents(lock, { key: "a", before: stored(held, 1) }))).toEqual([
    "RecordUnreadable",
    "GlobalReleased a unchosen",
  ]);
});
