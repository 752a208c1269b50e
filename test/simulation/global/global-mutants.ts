import type { Mutant } from "../mutants.ts";

const votes = "libs/core/src/quorum/votes.ts";
const engine = "libs/engine/src";
const client = "libs/client/src";

/** A sabotaged build of the global tier, and where it was found out. */
export interface GlobalMutant extends Mutant {
  /** A seed that found it. */
  readonly foundBy: number;
}

/** Ways to get the engine and the client of the global tier wrong, each a change of few lines. */
export const globalMutants: readonly GlobalMutant[] = [
  {
    name: "grant-of-one-confirmation",
    phrase: "a grant is told that one region alone confirms",
    foundBy: 9,
    edits: [
      {
        file: `${engine}/global-view.ts`,
        find: "if (first === undefined || confirmed.length < majority) return undefined;",
        replace: "if (first === undefined) return undefined;",
      },
      {
        file: `${engine}/global-view.ts`,
        find: "return validForMs[majority - 1] ?? 0;",
        replace: "return validForMs[0] ?? 0;",
      },
    ],
  },
  {
    name: "resent-ignored",
    phrase: "a repeat is taken for a first copy, and its refusal for final [H5]",
    foundBy: 230,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: "this.#isResent = order.command.resent === true;",
        replace: "this.#isResent = false;",
      },
    ],
  },
  {
    name: "join-keeps-the-first-caller",
    phrase: "a repeat joins, and the run ends with the caller of the first copy",
    foundBy: 10,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: `    this.#hear(command, call);
    this.#arm();
    this.#keepPlace();`,
        replace: "    this.#keepPlace();",
      },
    ],
  },
  {
    name: "place-lost-at-failover",
    phrase: "a lost connection takes the place in line with it",
    foundBy: 3,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: 'this.#callers.add(waitMs, call, () => this.#end({ kind: "cancelled" }));',
        replace: `this.#callers.add(waitMs, call, () => {
      const cancel = { kind: "cancel", grantId: this.grantId } as const;
      void this.#order.register.submit(cancel, true, () => false);
      this.#end({ kind: "cancelled" });
    });`,
      },
    ],
  },
  {
    name: "keepalive-without-heartbeat",
    phrase: "a coordinator keeps sessions alive by itself, and dead clients with them",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: "    if (this.#isRepeat) void session.settled().then(() => this.#keepPlace());",
        replace: `    const beat = () => {
      session.keepAlive();
      this.#context.surroundings.clock.schedule(1_000, beat);
    };
    beat();`,
      },
    ],
  },
  {
    name: "heartbeat-without-keepalive",
    phrase: "a heartbeat is answered without a word to the store",
    foundBy: 16,
    edits: [
      {
        file: `${engine}/session-leases.ts`,
        find: "if (reply.ttlS <= 0) return 0;",
        replace: "",
      },
    ],
  },
  {
    name: "one-vote-takes-over",
    phrase: "one region's word that a holder is gone suffices",
    foundBy: 2,
    edits: [
      {
        file: votes,
        find: 'if (notLive >= majority) return "gone";',
        replace: 'if (notLive >= 1) return "gone";',
      },
    ],
  },
  {
    name: "latest-deadline-counts",
    phrase: "the client believes until the latest deadline",
    foundBy: 42,
    edits: [
      {
        file: `${client}/quorum-belief.ts`,
        find: 'if (standings.filter(isInForce).length >= quorum) return "jeopardy";',
        replace: 'if (standings.filter(isInForce).length >= 1) return "jeopardy";',
      },
      {
        file: `${client}/quorum-belief.ts`,
        find: "return times[quorum - 1] ?? Number.NEGATIVE_INFINITY;",
        replace: "return times[0] ?? Number.NEGATIVE_INFINITY;",
      },
    ],
  },
];

/** Bugs that this simulation found in our own code, each put back in. */
export const globalPastBugs: readonly GlobalMutant[] = [
  {
    name: "granted-while-withdrawn",
    phrase: "a wait that ran out was told of a grant, and its own cancel took it back",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: 'return { kind: "withdraw", grantId: this.grantId };',
        replace: 'return { kind: "cancel", grantId: this.grantId };',
      },
      {
        file: `${engine}/global-request.ts`,
        find: "if (this.#isOver || this.#isWithdrawing) return;",
        replace: "if (this.#isOver) return;",
      },
    ],
  },
  {
    name: "place-dies-while-it-waits",
    phrase: "nothing kept the place of a request alive that waits under a ttl of its own",
    foundBy: 13,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: "    else session.keepOrMeet(() => this.#tellLeases());\n",
        replace: "",
      },
    ],
  },
  {
    name: "session-used-when-it-ends",
    phrase: "a delegation was hung on a session that nobody had kept alive for a while",
    foundBy: 54,
    edits: [
      {
        file: `${engine}/delegation-session.ts`,
        find: "return this.#delegations > 0 || idleMs < this.ttlMs / 2;",
        replace: "return idleMs >= 0;",
      },
      {
        file: `${engine}/delegation-session.ts`,
        find: "if (lease.validForMs < this.ttlMs * freshShare) this.#keepAlive(region, lock);",
        replace: "",
      },
    ],
  },
];

/** Every sabotaged build of the global tier. */
export const allGlobalMutants: readonly GlobalMutant[] = [...globalMutants, ...globalPastBugs];
