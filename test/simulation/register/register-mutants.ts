import type { Mutant } from "../mutants.ts";
import { worldMutants } from "./world-mutants.ts";

const quorum = "libs/core/src/quorum";
const proposer = "libs/engine/src/register-proposer.ts";
const twin = "test/simulation/register/acceptor-twin.ts";
const client = "test/simulation/register/register-client.ts";

/**
 * The ways to get a register wrong that the design of the global tier lists, as far as there is
 * something to get wrong yet. What a store or a client does is sabotaged in its twin.
 */
export const registerMutants: readonly Mutant[] = [
  {
    name: "promotion-untold",
    phrase: "who gets the lock out of the line is in no audit event",
    edits: [
      {
        file: "libs/core/src/audit/register-events.ts",
        find: "    if (was?.token === holder.token) return [];\n",
        replace: `    const isPromoted = this.#base.waiters.some(({ grantId }) => grantId === holder.grantId);
    if (was?.token === holder.token || isPromoted) return [];
`,
      },
    ],
  },
  {
    name: "place-told-again",
    phrase: "a place in line is told with every change of the register",
    edits: [
      {
        file: "libs/core/src/audit/register-events.ts",
        find: "if (this.#base.waiters.some((each) => each.grantId === waiter.grantId)) return [];",
        replace: "",
      },
    ],
  },
  {
    name: "ballot-reused",
    phrase: "Ballot reused: a later promise makes another value of it",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: `  onPrepareReply(region: number, reply: PrepareReply): Step {
    if (this.#isOver || this.isProposed) return { kind: "wait" };`,
        replace: `  onPrepareReply(region: number, reply: PrepareReply): Step {
    if (this.#isOver) return { kind: "wait" };`,
      },
    ],
  },
  {
    name: "promise-not-persisted",
    phrase: "promise not persisted",
    edits: [{ file: twin, find: "    this.promised = ballot;\n", replace: "" }],
  },
  {
    name: "accept-ignores-promise",
    phrase: "accept ignores the promise",
    edits: [
      {
        file: twin,
        find: "if (compareBallots(this.promised, ballot) > 0) {",
        replace: "if (compareBallots(this.promised, ballot) > 1e9) {",
      },
    ],
  },
  {
    name: "no-write-back",
    phrase: "no write-back on an undecided read",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: "const isRead = decision.value === value && isSettled && !this.#isToStrengthen();",
        replace: "const isRead = decision.value === value && isSettled !== undefined;",
      },
    ],
  },
  {
    name: "read-quorum-of-one",
    phrase: "read quorum of 1",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: 'if (this.#promises.size < majority) return { kind: "wait" };',
        replace: 'if (this.#promises.size < 1) return { kind: "wait" };',
      },
    ],
  },
  {
    name: "accept-quorum-of-one",
    phrase: "a value is called chosen when one region has accepted it",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: 'if (this.#accepted.size < majority) return { kind: "wait" };',
        replace: 'if (this.#accepted.size < 1) return { kind: "wait" };',
      },
    ],
  },
  {
    name: "accepted-under-a-lease",
    phrase: "a lease on `p` or `a`",
    edits: [
      {
        file: twin,
        find: "if (this.leases.get(session) === lease) this.leases.delete(session);",
        replace: `if (this.leases.get(session) === lease) this.leases.delete(session);
          if (this.live.size > 0) this.accepted = undefined;`,
      },
    ],
  },
  {
    name: "silence-counts",
    phrase: 'a silent region counted as "not live"',
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: 'if (livenessOf(this.#votes(grantId)) === "gone") gone.add(grantId);',
        replace: `const silent = regionsMax - this.#promises.size;
          const votes = [...this.#votes(grantId), ...Array<Vote>(silent).fill("not-live")];
          if (livenessOf(votes) === "gone") gone.add(grantId);`,
      },
    ],
  },
  {
    name: "one-vote-suffices",
    phrase: "one vote suffices",
    edits: [
      {
        file: `${quorum}/votes.ts`,
        find: 'if (notLive >= majority) return "gone";',
        replace: 'if (notLive >= 1) return "gone";',
      },
    ],
  },
  {
    name: "revived-by-others",
    phrase: "reviving another's `l` under the proposer's lease",
    edits: [
      {
        file: `${quorum}/register.ts`,
        find: "    return { value, attach: this.#attach };",
        replace: "    return { value, attach: this.#holders };",
      },
      {
        file: twin,
        find: "const lease = this.leases.get(session);",
        replace: "const lease = this.leases.get(session) ?? [...this.leases.values()].at(-1);",
      },
    ],
  },
  {
    name: "token-stands-still",
    phrase: "token from the ballot, not from the register",
    edits: [
      {
        file: `${quorum}/register.ts`,
        find: "this.#token = nextToken(this.#token);",
        replace: "this.#token = nextToken(BigInt(this.#base.version % 3) << 20n);",
      },
    ],
  },
  {
    name: "two-holders",
    phrase: "an exclusive holder beside another",
    edits: [
      {
        file: `${quorum}/register.ts`,
        find: 'if (mode === "exclusive") return false;',
        replace: 'if (mode === "exclusive") return this.#holders.length < 2;',
      },
    ],
  },
  {
    name: "recent-forgotten",
    phrase: "`recent` forgotten",
    edits: [
      {
        file: `${quorum}/register.ts`,
        find: "    this.#recent.push({ grantId, fate, version: this.#base.version + 1 });\n",
        replace: "",
      },
    ],
  },
  {
    name: "deadline-from-the-reply",
    phrase: "deadline from the reply at the client",
    edits: [
      {
        file: client,
        find: "if (isAlive) state.deadlineMs = Math.max(state.deadlineMs, this.#deadline(sentMs));",
        replace:
          "if (isAlive) state.deadlineMs = this.#deadline(Math.max(sentMs, this.#clock.monotonicMs()));",
      },
    ],
  },
  {
    name: "deadline-of-the-latest-region",
    phrase: "deadline from the latest region",
    edits: [
      { file: client, find: "return deadlines[1] ?? 0;", replace: "return deadlines[0] ?? 0;" },
    ],
  },
  {
    name: "lease-made-anew-counted",
    phrase: "a lease made anew counted [H1]",
    edits: [
      {
        file: client,
        find: "if (state !== undefined && state.lease === lease) deadlines.push(state.deadlineMs);",
        replace: "if (state !== undefined && lease > 0n) deadlines.push(state.deadlineMs);",
      },
    ],
  },
  {
    name: "refusal-not-written",
    phrase: "a refusal after an accept not written [H5]",
    edits: [
      {
        file: `${quorum}/register.ts`,
        find: '  if (mayBeGranted) draft.end(grantId, "refused");\n  return { kind: "held"',
        replace: '  return { kind: "held"',
      },
    ],
  },
  {
    name: "refused-after-an-accept",
    phrase: "CONTENDED although an accept was sent [H5]",
    edits: [
      {
        file: proposer,
        find: 'return pending.mayBeGranted ? { kind: "unknown" } : reason;',
        replace: 'return pending.attempts < 0 ? { kind: "unknown" } : reason;',
      },
    ],
  },
  ...worldMutants,
];

/** A build without one of the rules, told from the honest one by the rule's own steps. */
export interface RuleMutant extends Mutant {
  readonly rule: string;
  /** Found in what the steps say. */
  readonly fails: string;
}

/** Those that schedules would find too rarely, and one for every rule. */
export const ruleMutants: readonly RuleMutant[] = [
  {
    name: "any-lease-of-the-session",
    rule: "[H1]",
    phrase: "a grant's liveness goes over to the lease that the session has now",
    fails: "a session that came back kept what it had lost",
    edits: [
      {
        file: twin,
        find: "    for (const [grantId, lease] of this.live) live.push({ grantId, lease });\n",
        replace: `    for (const { grantId, session } of this.accepted?.value.holders ?? []) {
      const lease = this.leases.get(session);
      if (lease !== undefined) live.push({ grantId, lease });
    }
`,
      },
    ],
  },
  {
    name: "ballots-added-up",
    rule: "[H2]",
    phrase: "regions of different ballots are added up",
    fails: "two regions of different ballots were added up",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: "if (sameBallot(accepted, base) && isLiveIn(live, grantId)) count++;",
        replace: "if (accepted !== undefined && isLiveIn(live, grantId)) count++;",
      },
      {
        file: `${quorum}/attempt.ts`,
        find: "for (const { accepted } of this.#promises.values()) if (sameBallot(accepted, base)) count++;",
        replace:
          "for (const { accepted } of this.#promises.values()) if (accepted !== base || base) count++;",
      },
    ],
  },
  {
    name: "wiped-region-votes",
    rule: "[H3]",
    phrase: "a region that was admitted again votes at once",
    fails: "the wiped region took part in a takeover",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: 'return halfTrusted ? "unknown" : "not-live";',
        replace: 'return halfTrusted ? "not-live" : "not-live";',
      },
    ],
  },
  {
    name: "generations-added-up",
    rule: "[H4]",
    phrase: "a vote is given to who is at a lower generation",
    fails: "promises from before and after were added up",
    edits: [
      {
        file: twin,
        find: "return generation === this.generation;",
        replace: "return this.generation > 0 && generation <= this.generation;",
      },
    ],
  },
  {
    name: "refusal-only-read",
    rule: "[H5]",
    phrase: "a refusal after an accept is not written",
    fails: "a refusal was told that nobody wrote down",
    edits: [
      {
        file: `${quorum}/register.ts`,
        find: '  if (mayBeGranted) draft.end(grantId, "refused");\n  return { kind: "held"',
        replace: '  return { kind: "held"',
      },
    ],
  },
  {
    name: "memory-trusted-beyond",
    rule: "[H6]",
    phrase: "`recent` is trusted beyond its length",
    fails: "a request was granted twice",
    edits: [
      {
        file: `${quorum}/register.ts`,
        find: "return since !== undefined && oldest !== undefined && oldest.version <= since;",
        replace: "return since !== undefined || oldest !== undefined;",
      },
    ],
  },
  {
    name: "first-two-believed",
    rule: "[H7]",
    phrase: "a look at the regions ends with the first of them",
    fails: "nobody tells the waiter of its turn",
    edits: [
      {
        file: `${quorum}/survey.ts`,
        find: "  for (const each of shows.values()) {\n    const same",
        replace: "  for (const each of [...shows.values()].slice(0, 1)) {\n    const same",
      },
    ],
  },
  {
    name: "no-third-vote",
    rule: "[H8]",
    phrase: "two regions that disagree refuse a contender",
    fails: "the contender was refused by two regions that disagree",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: 'return votes.filter((vote) => vote === "not-live").length === 1;',
        replace: 'return votes.filter((vote) => vote === "not-live").length > regionsMax;',
      },
    ],
  },
  {
    name: "liveness-left-behind",
    rule: "[H10]",
    phrase: "liveness is left where the value no longer names it",
    fails: "a grant that was released is called live",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: "    return [...known];",
        replace: "    return [...known].slice(known.size);",
      },
    ],
  },
  {
    name: "incarnation-not-compared",
    rule: "[I13]",
    phrase: "the incarnation is not compared, and one cluster votes under two names",
    fails: "one cluster has two of the three votes",
    edits: [
      {
        file: `${quorum}/membership.ts`,
        find: "const other = namesOf(shard.incarnation, all).find((each) => each !== name);",
        replace:
          "const other = namesOf(shard.incarnation, all).find((each) => each === undefined);",
      },
    ],
  },
  {
    name: "new-grant-taken-for-lost",
    rule: "[L3]",
    phrase: "a region that never had a grant is a witness that its session is gone",
    fails: "the head of the line lost its turn",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: '      if (isNew && !isHeldIn(accepted, grantId)) return "unknown";\n',
        replace: "",
      },
    ],
  },
];

/** Builds without a rule that schedules find, too. */
export const foundBySchedules: readonly string[] = [
  "wiped-region-votes",
  "memory-trusted-beyond",
  "no-third-vote",
];
