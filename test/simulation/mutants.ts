import type { Edit } from "../sabotage/sabotage.ts";

/** One way to get the local tier wrong: a sabotaged build that the checkers must find out. */
export interface Mutant {
  readonly name: string;
  /** What the design calls it. */
  readonly phrase: string;
  readonly edits: readonly Edit[];
}

const core = "libs/core/src";
const engine = "libs/engine/src";
const client = "libs/client/src";

/**
 * The ways to get it wrong that the design of the local tier lists, but those that need a move of a
 * slot. Each takes out or turns round the one thing that prevents it.
 */
export const mutants: readonly Mutant[] = [
  {
    name: "delete-whatever-holds",
    phrase: "Delete whatever holds, no token",
    edits: [
      {
        file: `${core}/lock/release.ts`,
        find: "compares: [epochIs(plan.epoch), createdAt(own, plan.revision)],",
        replace: "compares: [epochIs(plan.epoch)],",
      },
      {
        file: `${core}/lock/release.ts`,
        find: 'const success: Op[] = [{ kind: "delete", key: own }];',
        replace: `const holders = plan.keys.exclusive;
          const success: Op[] = [{ kind: "delete", key: holders.prefix, rangeEnd: holders.end }];`,
      },
    ],
  },
  {
    name: "release-without-compare",
    phrase: "release with no compare, then hand over",
    edits: [
      {
        file: `${core}/lock/release.ts`,
        find: "compares: [epochIs(plan.epoch), createdAt(own, plan.revision)],",
        replace: "compares: [epochIs(plan.epoch)],",
      },
    ],
  },
  {
    name: "promotion-without-waiter",
    phrase: "promotion without the waiter compare",
    edits: [
      {
        file: `${core}/lock/queue.ts`,
        find: "compares: [writtenAt(place, waiter.modRevision)],",
        replace: "compares: [],",
      },
    ],
  },
  {
    name: "promotion-blind-to-holders",
    phrase: "promotion blind to holders",
    edits: [
      {
        file: `${core}/lock/queue.ts`,
        find: "compares: [epochIs(grant.epoch), ...noConflict(footprint, mode)],",
        replace: "compares: [epochIs(grant.epoch)],",
      },
    ],
  },
  {
    name: "hand-over-without-head",
    phrase: "hand-over without the head check",
    edits: [
      {
        file: `${core}/lock/queue.ts`,
        find: "return { compares: alone, success: promotions(keys, run, grant), failure: [] };",
        replace: `const unchecked = promotions(keys, run, grant).map((op) =>
            op.kind === "txn" ? { ...op, txn: { ...op.txn, compares: [] } } : op);
          return { compares: alone, success: unchecked, failure: [] };`,
      },
    ],
  },
  {
    name: "deadline-from-reply",
    phrase: "deadline from the reply",
    edits: [
      {
        file: `${client}/pulse.ts`,
        find: "this.#owner.onAnswer(outcome, sentAt);",
        replace: "this.#owner.onAnswer(outcome, readClocks(this.#core.ports.clock));",
      },
    ],
  },
  {
    name: "deadline-from-acquire",
    phrase: "deadline … from the acquire instead of the lease",
    edits: [
      {
        file: `${engine}/session-leases.ts`,
        find: "return Math.max(0, lease.validUntilMs - this.#surroundings.clock.monotonicMs());",
        replace: "return validityMs(lease.ttlMs);",
      },
      {
        file: `${client}/session.ts`,
        find: "if (found === undefined || found.known) return found?.belief;",
        replace: "if (found === undefined) return undefined;",
      },
      {
        file: `${client}/session.ts`,
        find: "const lease = this.#leaseIn(grant, sentAt.first, now);",
        replace: "const lease = this.#leaseIn(grant, sentAt.own, now);",
      },
    ],
  },
  {
    name: "repeat-counted-from-own-send",
    phrase: "a repeat counted from its own send",
    edits: [
      {
        file: `${client}/acquire-run.ts`,
        find: "this.#firstSentAt ??= sentAt;",
        replace: "this.#firstSentAt = sentAt;",
      },
    ],
  },
  {
    name: "retry-under-new-id",
    phrase: "retry under a new grant id",
    edits: [
      {
        file: `${client}/acquire-run.ts`,
        find: "const requestId = this.#requestId;",
        replace: "const requestId = (this.#requestId + this.#sends) as RequestId;",
      },
    ],
  },
  {
    name: "conflicts-in-one-batch",
    phrase: "conflicting operations in one batch",
    edits: [
      {
        file: `${core}/txn/batch.ts`,
        find: "lane.parked.push(sized);",
        replace: "this.#ready.push(sized), lane.ready++;",
      },
    ],
  },
  {
    name: "parent-and-child-in-one-batch",
    phrase: "two nested transactions that conflict through ranges (… a parent and a child)",
    edits: [
      {
        file: `${engine}/lock-site.ts`,
        find: "routingPart(name, hierarchical)",
        replace: "name",
      },
    ],
  },
  {
    name: "lost-bundle-called-won",
    phrase: "each keeps its own compare (operations carried out all or none, and one was lost)",
    edits: [
      {
        file: `${core}/txn/join.ts`,
        find: "} else if (result === undefined || !result.succeeded) {",
        replace: `} else if (result?.succeeded === false) {
          for (const member of bundle.members) decided(member, { succeeded: true, results: [] });
        } else if (result === undefined) {`,
      },
    ],
  },
  {
    name: "batch-not-split",
    phrase: "a batch not split on a dead lease",
    edits: [
      {
        file: `${engine}/committer.ts`,
        find: "await this.#split(members);",
        replace: "for (const { settle } of members) settle(reply);",
      },
    ],
  },
  {
    name: "pool-without-window",
    phrase: "pool without window",
    edits: [
      {
        file: `${engine}/lease-pool.ts`,
        find: "const leaseTtlS = Math.ceil((ttlMs + poolWindowMs) / 1000);",
        replace: "const leaseTtlS = Math.ceil(ttlMs / 1000);",
      },
    ],
  },
  {
    name: "order-by-clock",
    phrase: "order by clock",
    edits: [
      {
        file: `${engine}/queue-mirror.ts`,
        find: "function byPlace(left: Waiter, right: Waiter): number {",
        replace: `function byPlace(left: Waiter, right: Waiter): number {
          const atMs = [left, right].map(({ stored }) => JSON.parse(stored).a);
          if (atMs[0] !== atMs[1]) return atMs[0] - atMs[1];`,
      },
    ],
  },
  {
    name: "newcomer-ignores-queue",
    phrase: "newcomer ignores the queue",
    edits: [
      {
        file: `${core}/lock/acquire.ts`,
        find: "rangeEmpty(keys.queue.prefix, keys.queue.end),",
        replace: "",
      },
    ],
  },
  {
    name: "keepalive-on-router-timer",
    phrase: "keepalive on the router's own timer",
    edits: [
      {
        file: `${engine}/session-leases.ts`,
        find: "if (reply.result.succeeded) return state(marker, ttlMs, sentAtMs + validityMs(ttlMs));",
        replace: `if (reply.result.succeeded) {
          const beat = () => {
            void shard.store.keepAlive(granted.lease);
            this.#surroundings.clock.schedule(ttlMs / 3, beat);
          };
          beat();
          return state(marker, ttlMs, sentAtMs + validityMs(ttlMs));
        }`,
      },
    ],
  },
  {
    name: "epoch-not-compared",
    phrase: "epoch not compared",
    edits: [
      {
        file: `${core}/lock/epoch.ts`,
        find: "compare = valueIs(epochKey, encodeEpoch(epoch));",
        replace: 'compare = { target: "create", key: epochKey, op: "!=", revision: 0n };',
      },
    ],
  },
  {
    name: "watch-missed",
    phrase: "watch missed and no re-read",
    edits: [
      {
        file: `${engine}/queue-follower.ts`,
        find: "if (run === this.#run && !this.#stopped) this.#onWatchEnd();",
        replace: "",
      },
      {
        file: `${engine}/queue-follower.ts`,
        find: "else void this.#look();",
        replace: "else this.#armSilence();",
      },
    ],
  },
  {
    name: "no-suspend-check",
    phrase: "no suspend check",
    edits: [
      {
        file: `${core}/lease/validity.ts`,
        find: "return Math.abs(wallPassedMs - monotonicPassedMs) > deltaMs(ttlMs);",
        replace: "return Math.abs(wallPassedMs - monotonicPassedMs) > 1e12 * ttlMs;",
      },
    ],
  },
  {
    name: "mirror-fed-from-replies",
    phrase: "mirror fed from own replies",
    edits: [
      {
        file: `${engine}/local-wait.ts`,
        find: "queue.add(waiter);",
        replace: `const { site, record, lease } = arguments[0];
          const key = site.keys.queue.prefix + grantId;
          const value = encodeRecord(record);
          const at = { createRevision: waiter.placedAt, modRevision: waiter.placedAt };
          queue.add({ ...waiter, kv: { key, value, ...at, lease: lease.marker.lease } });`,
      },
      {
        file: `${engine}/local-wait.ts`,
        find: 'import { printShard, unreached } from "./shard.ts";',
        replace: `import { printShard, unreached } from "./shard.ts";
          import { encodeRecord } from "@holdfast/core/lock/record";`,
      },
      {
        file: `${engine}/lock-queue.ts`,
        find: "this.#follower.check(waiter.grantId, waiter.placedAt);",
        replace: "this.#follower.mirror.apply({ kind: 'put', kv: waiter.kv });",
      },
    ],
  },
  {
    name: "renewal-without-mod",
    phrase: "renewal without the mod compare",
    edits: [
      {
        file: `${core}/lock/renew.ts`,
        find: "writtenAt(kv.key, kv.modRevision),",
        replace: "",
      },
    ],
  },
  {
    name: "no-tombstone-no-listing",
    phrase: "no tombstone and no listing",
    edits: [
      {
        file: `${core}/lock/release.ts`,
        find: "key: tombstoneKey(keys, grantId, lease.lease),",
        replace: 'key: "T" + tombstoneKey(keys, grantId, lease.lease),',
      },
      {
        file: `${client}/listing.ts`,
        find: "return this.#wanted > this.#listed || nowMs + intervalMs >= this.#listedMs + listEveryMs;",
        replace: "return this.#wanted < 0 && nowMs + intervalMs >= this.#listedMs + listEveryMs;",
      },
    ],
  },
];

/** Takes one rule out, for the scenario that tells what the rule is for. */
export interface RuleMutant extends Mutant {
  /** The scenario that breaks without it. */
  readonly scenario: string;
}

/** Each rule marked with an H in the design, taken out by itself. */
export const ruleMutants: readonly RuleMutant[] = [
  {
    name: "no-tombstone",
    phrase: "[H4] Release or cancel … also puts t/…",
    scenario: "late-write",
    edits: [
      {
        file: `${core}/lock/release.ts`,
        find: "key: tombstoneKey(keys, grantId, lease.lease),",
        replace: 'key: "T" + tombstoneKey(keys, grantId, lease.lease),',
      },
    ],
  },
  {
    name: "no-listing",
    phrase: "[H4] at least once a minute, a heartbeat's answer lists the grants and places",
    scenario: "unknown-grant",
    edits: [
      {
        file: `${client}/listing.ts`,
        find: "return this.#wanted > this.#listed || nowMs + intervalMs >= this.#listedMs + listEveryMs;",
        replace: "return this.#wanted < 0 && nowMs + intervalMs >= this.#listedMs + listEveryMs;",
      },
    ],
  },
  {
    name: "renewal-blind-to-renewals",
    phrase: "[H5] compare create and mod revision",
    scenario: "delayed-renewal",
    edits: [
      {
        file: `${core}/lock/renew.ts`,
        find: "writtenAt(kv.key, kv.modRevision),",
        replace: "",
      },
    ],
  },
  {
    name: "one-tombstone-for-all",
    phrase: "[H5] a delayed renewal puts it back on an older lease",
    scenario: "stalled-cancel",
    edits: [
      {
        file: `${core}/lock/release.ts`,
        find: "key: tombstoneKey(keys, grantId, lease.lease),",
        replace: "key: tombstoneKey(keys, grantId, 0n),",
      },
    ],
  },
  {
    name: "repeat-renews-nothing",
    phrase: "[H6] the router re-puts q on a newer pooled lease",
    scenario: "waiter-without-session",
    edits: [
      {
        file: `${engine}/local-wait.ts`,
        find: "return this.#claim(attempt, place).then(",
        replace: "return Promise.resolve(undefined).then(",
      },
    ],
  },
  {
    name: "repeat-in-vain-counts",
    phrase: "[H6] validity counts from the last repeat that re-put it, else from the first send",
    scenario: "repeat-in-vain",
    edits: [
      {
        file: `${engine}/local-wait.ts`,
        find: 'validFrom: renewed ? "this-send" : "first-send",',
        replace: 'validFrom: "this-send",',
      },
    ],
  },
  {
    name: "epoch-of-the-moment",
    phrase: "[H8] an operation pins one placement from start to end",
    scenario: "pinned-placement",
    edits: [
      {
        file: `${engine}/local-acquire.ts`,
        find: "recordOf(command, lease, site,",
        replace: `recordOf(command, lease,
          { ...site, epoch: this.#context.placements.current.version },`,
      },
    ],
  },
];

/**
 * What the simulation found in this code while it was written, each put back in. The phrase says
 * what went wrong.
 */
export const pastBugs: readonly Mutant[] = [
  {
    name: "shared-copy-granted-again",
    phrase: "a copy of a shared acquire put its key again and was told a token of its own",
    edits: [
      {
        file: `${core}/lock/acquire.ts`,
        find: '...(record.mode === "shared" ? [absent(target.prefix + grantId)] : []),',
        replace: "",
      },
    ],
  },
  {
    name: "newer-token-not-held",
    phrase: "a router with an old placement called a grant of a newer one not held",
    edits: [
      {
        file: `${engine}/local-release.ts`,
        find: "if (tokenEpoch(token) < 1) return notHeld(command);",
        replace:
          "if (tokenEpoch(token) < 1 || tokenEpoch(token) > site.epoch) return notHeld(command);",
      },
    ],
  },
  {
    name: "timeout-takes-the-grant",
    phrase: "a wait that ran out at one router deleted the grant another one had answered",
    edits: [
      {
        file: `${core}/lock/withdraw.ts`,
        find: "...own.filter((key) => key !== unclaimed?.key).map(absent),",
        replace: "",
      },
      {
        file: `${core}/lock/withdraw.ts`,
        find: "...(unclaimed === undefined ? [] : [writtenAt(unclaimed.key, unclaimed.modRevision)]),",
        replace: "",
      },
      {
        file: `${core}/lock/withdraw.ts`,
        find: 'unclaimed === undefined ? [] : [{ kind: "delete", key: unclaimed.key }];',
        replace: 'own.map((key) => ({ kind: "delete", key }));',
      },
    ],
  },
  {
    name: "tombstone-leaves-the-place",
    phrase: "a released request was promoted from a place a copy had taken meanwhile",
    edits: [
      {
        file: `${core}/lock/release.ts`,
        find: "success: [release, refuse, withdraw].map(",
        replace: "success: [release, refuse].map(",
      },
    ],
  },
  {
    name: "release-blind-to-copies",
    phrase: "a copy that was made on its way took a place after its request was released",
    edits: [
      {
        file: `${engine}/local-release.ts`,
        find: "const mayLand = command.repeated || this.#context.unsettled.mayLand(grantId);",
        replace: "const mayLand = command.repeated;",
      },
    ],
  },
];

/** Every sabotaged build. */
export const allMutants: readonly Mutant[] = [...mutants, ...ruleMutants, ...pastBugs];
