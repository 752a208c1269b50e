import type { GrantId } from "@holdfast/base/ids";
import { expect, test } from "vitest";
import { decide } from "./register.ts";
import type { RegisterCommand, RegisterOutcome } from "./register-command.ts";
import {
  emptyRegister,
  type GlobalRequest,
  nextToken,
  type RegisterValue,
  registerLimits,
} from "./register-value.ts";
import { acquireOf, requestOf } from "./testing/requests.ts";

const acquire = (
  name: string,
  mode: GlobalRequest["mode"] = "exclusive",
  wait = true,
): RegisterCommand => acquireOf(name, { request: requestOf(name, { mode }), wait });
const repeat = (name: string, since?: number): RegisterCommand =>
  acquireOf(name, { mayBeGranted: true, ...(since === undefined ? {} : { since }) });

/** A register, one command after the other. */
class Register {
  value: RegisterValue = emptyRegister;

  do(command: RegisterCommand, gone: readonly string[] = []): RegisterOutcome {
    const { value, outcomes } = decide(this.value, [command], new Set(gone as GrantId[]));
    this.value = value;
    return outcomes[0] as RegisterOutcome;
  }

  release(name: string): RegisterOutcome {
    const token = this.value.holders.find(({ grantId }) => grantId === name)?.token ?? 0n;
    return this.do({ kind: "release", grantId: name as GrantId, token });
  }

  get holders(): string[] {
    return this.value.holders.map(({ grantId }) => grantId);
  }
}

test("a lock goes from hand to hand in the order of the line, under tokens that rise", () => {
  const register = new Register();
  expect(register.do(acquire("a"))).toMatchObject({ kind: "granted" });
  expect(register.do(acquire("b"))).toEqual({ kind: "waiting", ahead: 0 });
  expect(register.do(acquire("c"))).toEqual({ kind: "waiting", ahead: 1 });
  const tokens = [register.value.token];
  for (const [from, to] of [
    ["a", "b"],
    ["b", "c"],
  ] as const) {
    expect(register.release(from)).toEqual({ kind: "released" });
    expect(register.holders).toEqual([to]);
    tokens.push(register.value.token);
  }
  expect(tokens).toEqual([1n << 20n, 2n << 20n, 3n << 20n]);
  expect(nextToken((3n << 20n) | 17n)).toBe(4n << 20n);
});

test("the shared at the head of the line come in together, and an exclusive one shuts them out", () => {
  const register = new Register();
  register.do(acquire("x"));
  for (const name of ["s1", "s2"]) register.do(acquire(name, "shared"));
  register.do(acquire("y"));
  expect(register.do(acquire("s3", "shared"))).toEqual({ kind: "waiting", ahead: 3 });
  register.release("x");
  expect(register.holders).toEqual(["s1", "s2"]);
  register.release("s1");
  expect(register.holders).toEqual(["s2"]);
  register.release("s2");
  expect(register.holders).toEqual(["y"]);
});

test("a holder that is gone makes room, and who asks for its own grant is not gone", () => {
  const register = new Register();
  register.do(acquire("a"));
  register.do(acquire("b"));
  expect(register.do(repeat("a"), ["a"])).toMatchObject({ kind: "granted" });
  expect(register.do({ kind: "tend" }, ["a"])).toEqual({ kind: "tended" });
  expect(register.holders).toEqual(["b"]);
  expect(register.do(repeat("a"))).toEqual({ kind: "ended", fate: "lost" });
});

test("a repeat finds what the first copy came to", () => {
  const register = new Register();
  const granted = register.do(acquire("a"));
  expect(register.do(repeat("a"))).toEqual(granted);
  register.do(acquire("b"));
  expect(register.do(acquire("b"))).toEqual({ kind: "waiting", ahead: 0 });
  const { token } = register.value;
  register.release("a");
  const version = register.value.version;
  expect(register.do({ kind: "release", grantId: "a" as GrantId, token })).toEqual({
    kind: "released",
  });
  expect(register.do(repeat("a"))).toEqual({ kind: "ended", fate: "released" });
  expect(register.value.version).toBe(version);
});

test("a refusal that may meet a late copy of its request is written down", () => {
  const register = new Register();
  register.do(acquire("a"));
  const before = register.value;
  expect(register.do(acquire("b", "exclusive", false))).toMatchObject({ kind: "held", waiting: 0 });
  expect(register.value).toBe(before);
  expect(register.do(repeat("b"))).toMatchObject({ kind: "held" });
  register.release("a");
  expect(register.do(acquire("b"))).toEqual({ kind: "ended", fate: "refused" });
});

test("the release of a grant nobody knows leaves word for a late copy of its acquire", () => {
  const register = new Register();
  expect(register.do({ kind: "release", grantId: "a" as GrantId, token: 5n })).toEqual({
    kind: "not-held",
  });
  expect(register.do(acquire("a"))).toEqual({ kind: "ended", fate: "cancelled" });
  register.do(acquire("b"));
  expect(register.do({ kind: "cancel", grantId: "b" as GrantId })).toEqual({
    kind: "cancelled",
    found: true,
  });
  expect(register.holders).toEqual([]);
});

test("what the register may have forgotten it does not grant once more", () => {
  const register = new Register();
  register.do(acquire("a"));
  register.release("a");
  const since = register.value.version - 1;
  for (let index = 0; index < registerLimits.recent; index++) {
    register.do({ kind: "cancel", grantId: `other-${index}` as GrantId });
  }
  expect(register.do(repeat("a", since))).toEqual({ kind: "forgotten" });
  expect(register.do(repeat("a"))).toEqual({ kind: "forgotten" });
  // Seen for the first time now, whatever ended before is no matter of this request's.
  expect(register.do(repeat("b", register.value.version))).toMatchObject({ kind: "granted" });
});

test.each([registerLimits.waitersPerRegion, registerLimits.waitersPerRegion + 1])(
  "waiter %i of a region stands in the register or is told that it is full",
  (count) => {
    const register = new Register();
    register.do(acquire("holder"));
    let last: RegisterOutcome | undefined;
    for (let index = 0; index < count; index++) last = register.do(acquire(`w${index}`));
    const isIn = count <= registerLimits.waitersPerRegion;
    expect(last).toMatchObject({ kind: isIn ? "waiting" : "full" });
    const elsewhere = requestOf("else", { region: "west" });
    expect(register.do(acquireOf("else", { request: elsewhere, wait: true }))).toMatchObject({
      kind: "waiting",
    });
  },
);

test.each([registerLimits.sharedHolders, registerLimits.sharedHolders + 1])(
  "shared holder %i gets in or waits",
  (count) => {
    const register = new Register();
    let last: RegisterOutcome | undefined;
    for (let index = 0; index < count; index++) last = register.do(acquire(`s${index}`, "shared"));
    expect(last?.kind).toBe(count <= registerLimits.sharedHolders ? "granted" : "waiting");
  },
);

test("a force release takes the lock from everybody and gives it to the next", () => {
  const register = new Register();
  for (const name of ["s1", "s2"]) register.do(acquire(name, "shared"));
  register.do(acquire("next"));
  expect(register.do({ kind: "force" })).toMatchObject({
    kind: "forced",
    holders: [{ grantId: "s1" }, { grantId: "s2" }],
  });
  expect(register.holders).toEqual(["next"]);
  expect(register.do(repeat("s1"))).toEqual({ kind: "ended", fate: "forced" });
});

test("several commands go together, and each sees those before it", () => {
  const { value, outcomes, attach } = decide(
    emptyRegister,
    [acquire("a"), acquire("b"), { kind: "cancel", grantId: "a" as GrantId }],
    new Set(),
  );
  expect(outcomes.map(({ kind }) => kind)).toEqual(["granted", "waiting", "cancelled"]);
  expect(value.holders.map(({ grantId }) => grantId)).toEqual(["b"]);
  expect(attach.map(({ grantId }) => grantId)).toEqual(["b"]);
  expect(value.version).toBe(1);
});

test("a delegation takes one counter, and one more each time it is renewed", () => {
  const register = new Register();
  const request = requestOf("d", { delegation: true });
  register.do(acquireOf("d", { request }));
  const renew = (token: bigint) => {
    return register.do({ kind: "renew-delegation", grantId: request.grantId, token });
  };
  expect(register.value.token).toBe(1n << 20n);
  expect(renew(1n << 20n)).toMatchObject({ kind: "granted", holder: { token: 2n << 20n } });
  // A late copy of the renewal finds it done.
  expect(renew(1n << 20n)).toMatchObject({ kind: "granted", holder: { token: 2n << 20n } });
  expect(register.value.holders).toMatchObject([{ delegation: true, token: 2n << 20n }]);
  register.do(acquire("next"));
  register.do({ kind: "cancel", grantId: request.grantId });
  expect(register.value.holders).toMatchObject([{ grantId: "next", token: 3n << 20n }]);
  expect(renew(2n << 20n)).toEqual({ kind: "ended", fate: "cancelled" });
});

test("a client's grant is not renewed as if it were a delegation", () => {
  const register = new Register();
  register.do(acquire("a"));
  const renewed = register.do({
    kind: "renew-delegation",
    grantId: "a" as GrantId,
    token: 1n << 20n,
  });
  expect(renewed).toEqual({ kind: "ended", fate: "lost" });
  expect(register.value.token).toBe(1n << 20n);
});

test("one that has waited long enough leaves the line, or keeps what it has been granted", () => {
  const register = new Register();
  register.do(acquire("a"));
  register.do(acquire("b"));
  const withdraw = (name: string) => register.do({ kind: "withdraw", grantId: name as GrantId });
  expect(withdraw("b")).toEqual({ kind: "cancelled", found: true });
  expect(withdraw("a")).toMatchObject({ kind: "granted", holder: { grantId: "a" } });
  expect(register.holders).toEqual(["a"]);
  expect(register.do(repeat("b"))).toEqual({ kind: "ended", fate: "cancelled" });
});
