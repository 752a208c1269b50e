import type { GrantId } from "@holdfast/base/ids";
import type { AcquireGlobal } from "@holdfast/core/quorum/register-command";
import { acquireOf, requestOf, sessionOf } from "@holdfast/core/quorum/testing/requests";
import type { Client, Job, Scope } from "./scope.ts";

/** Wants the lock once, with one ballot. */
function wanting(name: string, more: Partial<Client> = {}): Client {
  return {
    jobs: [acquireOf(name)],
    attempts: 1,
    crashes: 0,
    isRepeat: false,
    seenRound: 0,
    ...more,
  };
}

/** Takes the lock and gives it back. */
function visiting(name: string, more: Partial<Client> = {}): Client {
  return wanting(name, { jobs: [acquireOf(name), releaseOf(name)], ...more });
}

function releaseOf(name: string): Job {
  return { kind: "release", grantId: name as GrantId };
}

function sharedOf(name: string): AcquireGlobal {
  return acquireOf(name, { request: requestOf(name, { mode: "shared" }) });
}

function scopeOf(name: string, story: string, scope: Partial<Scope>): Scope {
  return {
    name,
    story,
    clients: [],
    mayExpire: [],
    holder: undefined,
    copies: 0,
    wipes: 0,
    ...scope,
  };
}

/** What is explored: three regions each, and any message may be late for ever. */
export const scopes: readonly Scope[] = [
  scopeOf("contenders", "two that want the lock, a ballot each", {
    clients: [wanting("a"), wanting("b", { seenRound: 2 })],
  }),
  scopeOf("takeover", "the same, while the leases of one may end", {
    clients: [wanting("a"), wanting("b", { seenRound: 2 })],
    mayExpire: [sessionOf("a")],
  }),
  scopeOf("copies", "the same, and two requests come again", {
    clients: [wanting("a"), wanting("b")],
    mayExpire: [sessionOf("a")],
    copies: 2,
  }),
  scopeOf("retries", "two with two ballots each", {
    clients: [wanting("a", { attempts: 2 }), wanting("b", { attempts: 2 })],
  }),
  scopeOf("crash", "one proposer dies and starts again, and leases of its client may end", {
    clients: [wanting("a", { attempts: 2, crashes: 1 }), wanting("b")],
    mayExpire: [sessionOf("a")],
  }),
  scopeOf("hand-over", "one takes the lock and gives it back, another waits in line", {
    clients: [visiting("a"), wanting("b", { jobs: [acquireOf("b", { wait: true })], attempts: 3 })],
  }),
  scopeOf("repeat", "a request goes through two proposers, one of which gives the lock back", {
    clients: [visiting("a", { attempts: 2 }), wanting("a", { isRepeat: true })],
    mayExpire: [sessionOf("a")],
  }),
  scopeOf("refusal", "a request goes through two proposers while leases of the holder may end", {
    clients: [wanting("a", { seenRound: 2 }), wanting("a", { isRepeat: true, seenRound: 1 })],
    holder: "h",
    mayExpire: [sessionOf("h")],
  }),
  scopeOf("shared", "two that share the lock, and one that does not", {
    clients: [
      wanting("a", { jobs: [sharedOf("a")] }),
      wanting("b", { jobs: [sharedOf("b")] }),
      wanting("c"),
    ],
  }),
  scopeOf("readmission", "a region loses its leases and is admitted again, half trusted", {
    clients: [wanting("a"), wanting("b", { seenRound: 2 })],
    mayExpire: [sessionOf("a")],
    wipes: 1,
  }),
  scopeOf("three", "three that want the lock, and leases of one may end", {
    clients: [wanting("a"), wanting("b"), wanting("c")],
    mayExpire: [sessionOf("a")],
  }),
  scopeOf("faults", "retries, a crash, a copy, leases that end, a release", {
    clients: [visiting("a", { attempts: 2, crashes: 1 }), wanting("b")],
    mayExpire: [sessionOf("a")],
    copies: 1,
  }),
  scopeOf("visits", "two that take the lock and give it back, with two ballots for each", {
    clients: [visiting("a", { attempts: 2 }), visiting("b", { attempts: 2 })],
  }),
  scopeOf("crowd", "three proposers, one of which dies and tries again", {
    clients: [wanting("a", { attempts: 2, crashes: 1 }), wanting("b"), wanting("c")],
    mayExpire: [sessionOf("a")],
  }),
  scopeOf("rounds", "two with three ballots each, one of which dies", {
    clients: [wanting("a", { attempts: 3, crashes: 1 }), wanting("b", { attempts: 3 })],
  }),
];

/** The scope of that name. */
export function scopeNamed(name: string): Scope {
  const scope = scopes.find((each) => each.name === name);
  if (scope === undefined) {
    throw new Error(
      `no scope is called ${name}; there are ${scopes.map((s) => s.name).join(", ")}`,
    );
  }
  return scope;
}
