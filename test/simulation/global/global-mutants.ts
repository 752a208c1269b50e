import type { Mutant } from "../mutants.ts";

const core = "libs/core/src/quorum";
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
    foundBy: 1,
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
    name: "any-lease-confirms",
    phrase: "a region confirms by whatever lease the session has there [H1]",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/session-everywhere.ts`,
        find: "if (known === undefined || known.lease !== leaseId) continue;",
        replace: "if (known === undefined) continue;",
      },
    ],
  },
  {
    name: "stale-notice-told",
    phrase: "what is older than what is known is told all the same",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-register.ts`,
        find: "if (this.#newest !== undefined && value.version < this.#newest.version) return;",
        replace: "",
      },
    ],
  },
  {
    name: "resent-ignored",
    phrase: "a repeat is taken for a first copy, and its refusal for final [H5]",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: "this.#isRepeat = order.command.resent === true;",
        replace: "this.#isRepeat = false;",
      },
    ],
  },
  {
    name: "join-keeps-the-first-caller",
    phrase: "a repeat joins, and the run ends with the caller of the first copy",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: `    this.#hear(call);
    this.#keepPlace();`,
        replace: "    this.#keepPlace();",
      },
    ],
  },
  {
    name: "place-lost-at-failover",
    phrase: "a lost connection takes the place in line with it",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: 'if (this.#isAbandoned) this.#end({ kind: "cancelled" });',
        replace: `if (this.#isAbandoned) {
        const cancel = { kind: "cancel", grantId: this.grantId } as const;
        void this.#order.register.submit(cancel, true, () => false);
        this.#end({ kind: "cancelled" });
      }`,
      },
    ],
  },
  {
    name: "waiter-never-polled",
    phrase: "no polling: waiters trust the watch of their own region [H7]",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-queue.ts`,
        find: "this.#timer = clock.schedule(delayMs * (0.5 + random.next() / 2), () => void this.#look());",
        replace: "this.#timer = clock.schedule(delayMs * (0.5 + random.next() / 2), () => {});",
      },
    ],
  },
  {
    name: "renewal-counts-other-ballots",
    phrase: "a renewal adds regions up that show different ballots [H2]",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-renew.ts`,
        find: "const showing = seen?.confirmed(grantId) ?? new Map();",
        replace: `const showing = new Map([...shows].flatMap(([index, { live }]) =>
      live.filter((each) => each.grantId === grantId).map(({ lease }) => [index, lease] as const)));`,
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
    foundBy: 1,
    edits: [
      {
        file: `${engine}/session-leases.ts`,
        find: "if (reply.ttlS <= 0) return 0;",
        replace: "",
      },
    ],
  },
  {
    name: "lease-made-anew-counted",
    phrase: "a heartbeat confirms a lease that ended by one that was made since [H1]",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/heartbeats.ts`,
        find: "return found.marker.lease === asked.leaseId ? found : undefined;",
        replace: "return found;",
      },
    ],
  },
  {
    name: "plain-read-of-one-region",
    phrase: "read quorum of 1 in a plain read",
    foundBy: 1,
    edits: [
      {
        file: `${core}/survey.ts`,
        find: "if (same.size >= majority) return same;",
        replace: "if (same.size >= 1) return same;",
      },
    ],
  },
  {
    name: "one-vote-takes-over",
    phrase: "one region's word that a holder is gone suffices",
    foundBy: 1,
    edits: [
      {
        file: `${core}/votes.ts`,
        find: 'if (notLive >= majority) return "gone";',
        replace: 'if (notLive >= 1) return "gone";',
      },
    ],
  },
  {
    name: "latest-deadline-counts",
    phrase: "the client believes until the latest deadline",
    foundBy: 1,
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
  {
    name: "suspension-ignored",
    phrase: "the client does not notice that its machine slept",
    foundBy: 1,
    edits: [
      {
        file: `${client}/lease-belief.ts`,
        find: "if (this.#confirmedAt !== undefined && wasSuspended(this.#confirmedAt, now, this.#ttlMs)) {",
        replace:
          "if (this.#confirmedAt !== undefined && wasSuspended(this.#confirmedAt, now, 1e12) && this.#ttlMs < 0) {",
      },
    ],
  },
  {
    name: "deadline-from-the-answer",
    phrase: "deadline from the reply, at the client",
    foundBy: 1,
    edits: [
      {
        file: `${client}/pulse.ts`,
        find: "this.#owner.onAnswer(outcome, sentAt);",
        replace: "this.#owner.onAnswer(outcome, readClocks(this.#core.ports.clock));",
      },
    ],
  },
  {
    name: "overtaken-refusal-counts",
    phrase: "the refusal of a first copy counts though a second one is under way [H5]",
    foundBy: 1,
    edits: [
      {
        file: `${client}/acquire-run.ts`,
        find: "if (refused && !this.#isOvertaken(outcome, send)) {",
        replace: "if (refused) {",
      },
    ],
  },
];

/** Bugs that this simulation found in our own code, each put back in. */
export const globalPastBugs: readonly GlobalMutant[] = [
  {
    name: "timeout-takes-the-grant",
    phrase: "a wait that ran out at one coordinator took the lock from its repeat at another",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: 'const withdraw = { kind: "withdraw", grantId: this.grantId } as const;',
        replace: 'const withdraw = { kind: "cancel", grantId: this.grantId } as const;',
      },
    ],
  },
  {
    name: "granted-while-withdrawn",
    phrase: "a wait that ran out was told of a grant, and its own cancel took it back",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: 'const withdraw = { kind: "withdraw", grantId: this.grantId } as const;',
        replace: 'const withdraw = { kind: "cancel", grantId: this.grantId } as const;',
      },
      {
        file: `${engine}/global-request.ts`,
        find: "if (this.#isOver || this.#isWithdrawing) return;",
        replace: "if (this.#isOver) return;",
      },
    ],
  },
  {
    name: "line-deaf-to-cancel",
    phrase: "one that was cancelled went on to stand in its region's line",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-acquire.ts`,
        find: "const run = this.#running.get(keyOf(command.lock, command.grantId));",
        replace: 'const run = this.#running.get("");',
      },
    ],
  },
  {
    name: "place-dies-while-it-waits",
    phrase: "nothing kept the place of a request alive that waits under a ttl of its own",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: "if (!this.#isOver && isOwnSession(request.session)) session.keepAlive();",
        replace: "if (this.#isOver && isOwnSession(request.session)) session.keepAlive();",
      },
    ],
  },
  {
    name: "repeat-stands-in-line",
    phrase: "a repeat stood in line, deaf to the place that an earlier copy had got",
    foundBy: 1,
    edits: [
      {
        file: `${engine}/global-request.ts`,
        find: "const mayLineUp = this.#order.command.waitMs > 0 && !this.#isRepeat;",
        replace: "const mayLineUp = this.#order.command.waitMs > 0;",
      },
    ],
  },
  {
    name: "forgotten-asked-again",
    phrase: "a request that its register had forgotten was repeated to no end",
    foundBy: 1,
    edits: [
      {
        file: `${client}/acquire-run.ts`,
        find: 'return this.#global && code === "UNKNOWN_OUTCOME" && field === "request_id";',
        replace: 'return this.#global && code === "INVALID_ARGUMENT" && field === "nothing";',
      },
    ],
  },
];

/** Every sabotaged build of the global tier. */
export const allGlobalMutants: readonly GlobalMutant[] = [...globalMutants, ...globalPastBugs];
