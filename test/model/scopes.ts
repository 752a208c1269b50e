import { acquireOf, sessionOf } from "@holdfast/core/quorum/testing/requests";
import type { Scope } from "./model-world.ts";

/** What is explored, by name. Three regions each; any message may be late for ever. */
export const scopes = {
  /** Two that want the lock, one attempt each. */
  contenders: {
    name: "contenders",
    proposers: [[acquireOf("a")], [acquireOf("b")]],
    attempts: [1, 1],
    mayExpire: [],
  },
  /** The same, while the leases of one may end in any region at any moment. */
  takeover: {
    name: "takeover",
    proposers: [[acquireOf("a")], [acquireOf("b")]],
    attempts: [1, 1],
    mayExpire: [sessionOf("a")],
  },
  /** One of them tries twice, and forgets the first attempt. */
  retry: {
    name: "retry",
    proposers: [[acquireOf("a")], [acquireOf("b")]],
    attempts: [2, 1],
    mayExpire: [],
  },
} as const satisfies Readonly<Record<string, Scope>>;
