import type { Mutant } from "../mutants.ts";

const core = "libs/core/src";
const lock = "libs/engine/src/delegated-lock.ts";
const holder = "libs/engine/src/delegated-holder.ts";
const answers = "libs/engine/src/delegated-answers.ts";
const session = "libs/engine/src/delegation-session.ts";
const tenure = "libs/engine/src/delegation-tenure.ts";
const twin = "test/simulation/delegation/delegation-twin.ts";
const coordinator = "test/simulation/delegation/delegation-coordinator.ts";

/**
 * The ways to get a delegation wrong that the design of the global tier lists, then those of our
 * own. What a shard compares is sabotaged in its twin.
 */
export const delegationMutants: readonly Mutant[] = [
  {
    name: "grant-after-d",
    phrase: "grant after D",
    edits: [
      {
        file: lock,
        find: " && this.#vouchedMs > 0;",
        replace: ";",
      },
      {
        file: holder,
        find: "this.#now === undefined || vouchedMs <= 0",
        replace: "this.#now === undefined",
      },
      {
        file: answers,
        find: "validForMs: vouchedMs }",
        replace: "validForMs: vouchedMs || asking.request.ttlMs }",
      },
      {
        file: answers,
        find: "asking.answer(vouchedMs > 0 ?",
        replace: "asking.answer(token > 0n ?",
      },
    ],
  },
  {
    name: "valid-for-without-d",
    phrase: "`valid_for` without D",
    edits: [
      {
        file: answers,
        find: "validForMs: vouchedMs }",
        replace: "validForMs: 1e6 }",
      },
    ],
  },
  {
    name: "counter-used-twice",
    phrase: "a counter used twice",
    edits: [
      {
        file: `${core}/quorum/register.ts`,
        find: "const holder = { ...request, token: this.#token };",
        replace: `const holder = { ...request, token: this.#token };
    if (request.delegation) this.#token -= 1n << 20n;`,
      },
    ],
  },
  {
    name: "ended-while-held",
    phrase: "ended while a holder lives",
    edits: [
      {
        file: lock,
        find: 'if (this.#holder.now !== undefined) return () => this.#line.settleUnplaced("held");',
        replace: `if (this.#holder.now !== undefined && tenure?.isWantedElsewhere !== true) {
      return () => this.#line.settleUnplaced("held");
    }`,
      },
      {
        file: twin,
        find: `      case "close":
        if (!this.#isAt(step.from) || this.holder !== undefined) return this.#seen();`,
        replace: `      case "close":
        if (!this.#isAt(step.from)) return this.#seen();`,
      },
    ],
  },
  {
    name: "ended-before-the-close",
    phrase: "end proposed before the local close",
    edits: [
      {
        file: lock,
        find: '    this.#step({ kind: "close", from }, (reply) => {',
        replace: '    this.#tenure?.end();\n    this.#step({ kind: "close", from }, (reply) => {',
      },
    ],
  },
  {
    name: "wiped-shard-kept-alive",
    phrase: "a wiped shard kept alive",
    edits: [
      {
        file: lock,
        find: "      this.#tenure?.abandon();\n      this.#leave();\n",
        replace: "      this.#state = undefined;\n      this.#holder.set(undefined);\n",
      },
      // Asked for under an earlier generation, it would not be opened again either.
      {
        file: lock,
        find: "!this.#tenures.isUntouched && !this.#options.mayAdopt(request)",
        replace: "this.#isClosed",
      },
    ],
  },
  {
    name: "state-not-compared",
    phrase: "no compare of the delegation key",
    edits: [
      {
        file: twin,
        find: "return this.state !== undefined && sameState(this.state, state);",
        replace: "return this.state !== undefined && state.counter > 0n;",
      },
    ],
  },
  {
    name: "sequence-in-memory",
    phrase: "sequence in memory",
    edits: [
      {
        file: `${core}/delegation/delegation-state.ts`,
        find: "    left.sequence === right.sequence &&\n",
        replace: "",
      },
      {
        file: lock,
        find: "      this.#adopt(state, holder);\n",
        replace: "      this.#adopt({ ...known, isOpen: state.isOpen }, holder);\n",
      },
    ],
  },
  {
    name: "sequence-overflows",
    phrase: "sequence overflow",
    edits: [
      {
        file: `${core}/delegation/delegation-state.ts`,
        find: "return { id, counter, sequence: 0, isOpen: true };",
        replace: "return { id, counter, sequence: sequenceMax - 2, isOpen: true };",
      },
      {
        file: `${core}/delegation/delegation-state.ts`,
        find: "invariant(state.sequence < sequenceMax,",
        replace: "invariant(state.sequence >= 0,",
      },
      {
        file: `${core}/delegation/delegation-state.ts`,
        find: "return (counter << sequenceBits) | BigInt(sequence);",
        replace: "return (counter << sequenceBits) + BigInt(sequence);",
      },
      { file: lock, find: "isOpen && sequence < sequenceMax", replace: "isOpen" },
      {
        file: lock,
        find: "if (state.sequence >= this.#options.policy.renewAt) tenure?.renew();",
        replace: "",
      },
    ],
  },
  {
    name: "renewal-not-compared",
    phrase: "renewal without the counter compare",
    edits: [
      {
        file: twin,
        find: "if (!this.#isAt(step.from)) return this.#seen();\n        this.state = openedState",
        replace:
          "if (this.state === undefined) return this.#seen();\n        this.state = openedState",
      },
    ],
  },
  {
    name: "lease-counted",
    phrase: "the lease counted instead of `l/<id>`",
    edits: [
      {
        file: session,
        find: "if (leases.get(region)?.lease === lease) deadlines.push(this.#deadlineIn(region, leases));",
        replace: `if (Number(lease) < 0) continue;
      deadlines.length = 0;
      for (const each of leases.keys()) deadlines.push(this.#deadlineIn(each, leases));`,
      },
    ],
  },
  {
    name: "found-and-opened",
    phrase: "a found delegation opened by another proposer [H9]",
    edits: [
      {
        file: tenure,
        find: "    this.#version = value.version;\n",
        replace: `    this.#version = value.version;
    const found = value.holders.find((holder) => {
      return holder.delegation && holder.region === this.request.region;
    });
    if (found !== undefined && this.#token === undefined && !this.#isEnding) {
      Object.assign(this, { request: found });
    }
`,
      },
      {
        file: coordinator,
        find: "this.#newSession(life, session);",
        replace: 'this.#newSession(life, session.replace(/[/.].*/, "") as SessionId);',
      },
    ],
  },
  {
    name: "no-tombstone-undelegated",
    phrase: "no tombstone without delegation [H9]",
    edits: [
      {
        file: lock,
        find: "    cancelIn(this.#steps, asking",
        replace: `    if (this.#state === undefined) {
      return asking.answer({ kind: "cancelled", found: false, refused: true });
    }
    cancelIn(this.#steps, asking`,
      },
    ],
  },
  {
    name: "opened-while-ending",
    phrase: "opened while its end is under way: somebody came just then",
    edits: [
      {
        file: lock,
        find: '    if (tenure?.isEnding) return () => this.#line.settleUnplaced("elsewhere");\n',
        replace: "",
      },
    ],
  },
  {
    name: "granted-twice",
    phrase: "a grant does not bury its request: a copy at another coordinator gets it again",
    edits: [
      {
        file: twin,
        find: "    this.#putTombstone(grantId, lease);\n    this.holder =",
        replace: "    this.holder =",
      },
    ],
  },
  {
    name: "opened-again",
    phrase: "opening compares no counter: a late copy opens what was closed",
    edits: [
      {
        file: twin,
        find: "this.state !== undefined && this.state.counter >= state.counter",
        replace: "this.state !== undefined && this.state.counter > state.counter",
      },
    ],
  },
  {
    name: "place-not-compared",
    phrase: "a hand-over to a place that is gone",
    edits: [
      {
        file: twin,
        find: "    if (place === undefined || place.written !== written) return false;\n    this.#hold(from, request.grantId, place.lease);",
        replace:
          "    if (written < 0n) return false;\n    this.#hold(from, request.grantId, place?.lease ?? (0n as LeaseId));",
      },
    ],
  },
  {
    name: "never-recalled",
    phrase: "another region's waiter is not looked at",
    edits: [
      {
        file: tenure,
        find: "const isWantedElsewhere = holds && value.waiters.length > 0;",
        replace: "const isWantedElsewhere = holds && value.waiters.length > 1e6;",
      },
    ],
  },
  {
    name: "latest-region-counts",
    phrase: "D from the latest region",
    edits: [
      {
        file: session,
        find: "return deadlines[majority - 1] ?? 0;",
        replace: "return deadlines[majority - 2] ?? 0;",
      },
    ],
  },
];

/** What schedules would find too rarely: told by the steps of a rule alone. */
export const delegationRuleMutants: readonly Mutant[] = [
  {
    name: "given-back-though-told",
    phrase: "a late copy of a request gives back what its caller was told of",
    edits: [
      {
        file: lock,
        find: "    this.#holder.tell();\n    if (!this.#steps.isBusy)",
        replace: `    const { now } = this.#holder;
    const late = now && this.#line.get(now.grantId)?.asking;
    if (late?.isOver()) {
      this.#line.remove(now.grantId);
      this.release({ ...now, marker: late.marker, answer: () => {} });
    }
    this.#holder.tell();
    if (!this.#steps.isBusy)`,
      },
    ],
  },
  {
    name: "d-from-the-answer",
    phrase: "D counted from the answer, at the coordinator",
    edits: [
      {
        file: session,
        find: "kept.deadlineMs = Math.max(kept.deadlineMs, sentMs + lease.validForMs);",
        replace: `const nowMs = Math.max(sentMs, this.#options.clock.monotonicMs());
    kept.deadlineMs = Math.max(kept.deadlineMs, nowMs + lease.validForMs);`,
      },
    ],
  },
];
