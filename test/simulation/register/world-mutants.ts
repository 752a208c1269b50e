import type { Mutant } from "../mutants.ts";

const quorum = "libs/core/src/quorum";
const twin = "test/simulation/register/acceptor-twin.ts";
const client = "test/simulation/register/register-client.ts";
const coordinator = "test/simulation/register/register-coordinator.ts";
const membership = "test/simulation/register/register-membership.ts";

/** What only a world with wipes, clocks, several coordinators and a resource tells apart. */
export const worldMutants: readonly Mutant[] = [
  {
    name: "promised-under-a-lease",
    phrase: "a lease on `p`",
    edits: [
      {
        file: twin,
        find: "if (this.leases.get(session) === lease) this.leases.delete(session);",
        replace: `if (this.leases.get(session) === lease) this.leases.delete(session);
          if (this.live.size > 0) this.promised = zeroBallot;`,
      },
    ],
  },
  {
    name: "coordinator-counts-from-the-reply",
    phrase: "deadline from the reply at the coordinator",
    edits: [
      {
        file: coordinator,
        find: "const deadlineMs = sentMs + ttlMs * (1 - rho) - deltaMs;",
        replace:
          "const deadlineMs = Math.max(sentMs, this.#clock.monotonicMs()) + ttlMs * (1 - rho) - deltaMs;",
      },
    ],
  },
  {
    name: "deadline-on-the-wall",
    phrase: "a deadline kept on a clock that somebody may set",
    edits: [
      {
        file: client,
        find: "if (this.#believedUntilMs(tenure) > this.#clock.monotonicMs()) return true;",
        replace: "if (this.#believedUntilMs(tenure) > this.#clock.wallMs()) return true;",
      },
      {
        file: client,
        find: `    const { network, regions } = this.#world;
    const sentMs = this.#clock.monotonicMs();`,
        replace: `    const { network, regions } = this.#world;
    const sentMs = this.#clock.wallMs();`,
      },
    ],
  },
  {
    name: "own-region-believed",
    phrase: "belief from the own region's watch",
    edits: [
      {
        file: coordinator,
        find: "if (shows.size >= 2) conclude(shows.size === regions.length);",
        replace: `if (region.index === this.region && shown.kind === "shown") {
              const seen = survey(new Map([[this.region, shown], [3, shown]]));
              const grants = seen?.value.holders.map(({ grantId }) => grantId) ?? [];
              if (seen && grants.some((grantId) => seen.confirmed(grantId).size > 0)) this.#onSeen(seen);
            }
            if (shows.size >= 2) conclude(shows.size === regions.length);`,
      },
      {
        file: client,
        find: "return deadlines[1] ?? 0;",
        replace: "return deadlines[1] ?? deadlines[0] ?? 0;",
      },
    ],
  },
  {
    name: "accept-without-liveness-counted",
    phrase: "an accept without `l` counted",
    edits: [
      {
        file: `${quorum}/attempt.ts`,
        find: "for (const [region, attached] of this.#accepted) add(region, attached);",
        replace: `for (const [region, attached] of this.#accepted) {
        leases.set(region, 0n as LeaseId);
        add(region, attached);
      }`,
      },
      {
        file: client,
        find: "if (state !== undefined && state.lease === lease) deadlines.push(state.deadlineMs);",
        replace: `if (state !== undefined && (lease === 0n || state.lease === lease)) {
        deadlines.push(state.deadlineMs);
      }`,
      },
    ],
  },
  {
    name: "readmitted-without-generation",
    phrase: "re-admission without generation [H4]",
    edits: [
      {
        file: `${quorum}/membership.ts`,
        find: "return { generation: before.generation + 1, shards: Object.fromEntries(shards) };",
        replace: "return { generation: before.generation, shards: Object.fromEntries(shards) };",
      },
      {
        file: twin,
        find: "if (this.generation === 0 || this.generation >= record.generation) return;",
        replace: "if (this.generation === 0) return;",
      },
    ],
  },
  {
    name: "readmitted-without-incarnation",
    phrase: "re-admission without the incarnation compare [H4]",
    edits: [
      {
        file: twin,
        find: "if (!isSame || this.generation !== 0) return false;",
        replace: "if (this.generation !== 0 && isSame) return false;",
      },
    ],
  },
  {
    name: "wiped-shard-votes",
    phrase: "a shard that lost its data votes on",
    edits: [{ file: twin, find: "    this.generation = 0;\n", replace: "" }],
  },
  {
    name: "lower-generation-served",
    phrase: "a vote is given to who is at a lower generation",
    edits: [
      {
        file: twin,
        find: "return generation === this.generation;",
        replace: "return this.generation > 0 && generation <= this.generation;",
      },
    ],
  },
  {
    name: "own-region-asked-first",
    phrase: "a re-admission does not ask its own region after the others have answered",
    edits: [
      {
        file: membership,
        find: `    this.#membership.describe(index, this.#others(), (others) => {
      this.#membership.describe(index, [this.#region], (own) => then([...own, ...others]));
    });`,
        replace: "    this.#membership.describe(index, this.#world.regions, then);",
      },
    ],
  },
  {
    name: "nobody-looks",
    phrase: "no polling [H7]",
    edits: [
      {
        file: coordinator,
        find: "      this.#look();\n      this.#poll();",
        replace: "      this.#poll();",
      },
    ],
  },
  {
    name: "copy-taken-for-a-request",
    phrase: "a copy of a request is carried out like another one",
    edits: [
      {
        file: coordinator,
        find: "if (!this.isUp || this.#seen.has(sending.id)) return;",
        replace: "if (!this.isUp) return;",
      },
    ],
  },
  {
    name: "late-comer-goes-first",
    phrase: "whoever comes while the lock is free goes before those who wait",
    edits: [
      {
        file: `${quorum}/register.ts`,
        find: "return this.#waiters.length === 0 && this.#fits(mode);",
        replace: "return this.#fits(mode);",
      },
      {
        file: `${quorum}/register.ts`,
        find: "      this.#waiters.shift();\n      this.grant(head);",
        replace: `      const last = this.#waiters.pop() ?? head;
      this.grant(last);`,
      },
    ],
  },
  {
    name: "all-regions-needed",
    phrase: "nothing is decided while one region is away",
    edits: [
      {
        file: `${quorum}/votes.ts`,
        find: "export const majority = 2;",
        replace: "export const majority = 3;",
      },
    ],
  },
  {
    name: "lower-token-let-through",
    phrase: "the resource lets a lower token through",
    edits: [
      {
        file: "libs/core/src/fencing/guard.ts",
        find: "if (token < highest) return { admitted: false, highest };",
        replace: "if (token < 0n) return { admitted: false, highest };",
      },
    ],
  },
];
