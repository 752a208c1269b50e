import type { GrantId, SessionId } from "@holdfast/base/ids";
import type { RegisterCommand } from "@holdfast/core/quorum/register-command";
import type { Scope } from "./model-world.ts";

function acquire(name: string): RegisterCommand {
  const request = {
    grantId: name as GrantId,
    session: sessionOf(name) as SessionId,
    region: "somewhere",
    ttlMs: 15_000,
    mode: "exclusive" as const,
    owner: name,
    metadata: {},
  };
  return { kind: "acquire", request, wait: false, mayBeGranted: false };
}

function sessionOf(name: string): string {
  return `session of ${name}`;
}

/** What is explored, by name. Three regions each; any message may be late for ever. */
export const scopes = {
  /** Two that want the lock, one attempt each. */
  contenders: {
    name: "contenders",
    proposers: [[acquire("a")], [acquire("b")]],
    attempts: [1, 1],
    mayExpire: [],
  },
  /** The same, while the leases of one may end in any region at any moment. */
  takeover: {
    name: "takeover",
    proposers: [[acquire("a")], [acquire("b")]],
    attempts: [1, 1],
    mayExpire: [sessionOf("a")],
  },
  /** One of them tries twice, and forgets the first attempt. */
  retry: {
    name: "retry",
    proposers: [[acquire("a")], [acquire("b")]],
    attempts: [2, 1],
    mayExpire: [],
  },
} as const satisfies Readonly<Record<string, Scope>>;
