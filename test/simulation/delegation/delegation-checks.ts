import type { GrantId, LeaseId } from "@holdfast/base/ids";
import { type Ballot, compareBallots, printBallot } from "@holdfast/core/quorum/ballot";
import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import type { Violation } from "@holdfast/simulator/history/run";
import type { DelegationTwin } from "./delegation-twin.ts";

const violationsMax = 20;

/** What a schedule is judged by from outside, for a lock that regions hand to each other. */
export class DelegationChecks {
  readonly violations: Violation[] = [];
  readonly #nowMs: () => number;
  readonly #shards: () => readonly (DelegationTwin | undefined)[];
  /** Requests whose end was told for good. */
  readonly #ended = new Set<GrantId>();
  /** Requests that a shard has given the lock to. */
  readonly #granted = new Set<string>();
  readonly #tokens = new Map<GrantId, bigint>();
  readonly #accepted = new Map<string, Set<number>>();
  #chosen: { readonly ballot: Ballot; readonly value: RegisterValue } | undefined;
  #highest = 0n;
  chosenCount = 0;
  /** Grants written by a region's shard. */
  localGrants = 0;

  /** `shards`: of each region, undefined where it has lost its data and says nothing. */
  constructor(nowMs: () => number, shards: () => readonly (DelegationTwin | undefined)[]) {
    this.#nowMs = nowMs;
    this.#shards = shards;
  }

  /** `checker`: the invariant by its number in PROTOCOL.md. */
  fail(checker: string, message: string): void {
    if (this.violations.length < violationsMax) {
      this.violations.push({ checker, atMs: this.#nowMs(), message });
    }
  }

  get latest(): RegisterValue | undefined {
    return this.#chosen?.value;
  }

  /** Somebody begins to believe: after everybody before it, and under a larger token. */
  onBelief(who: string, grantId: GrantId, token: bigint): void {
    if (token <= this.#highest) {
      this.fail("D1", `${who} got ${print(token)} after ${print(this.#highest)} had been used`);
    }
    if (token > this.#highest) this.#highest = token;
    const before = this.#tokens.get(grantId);
    if (before !== undefined && before !== token) {
      this.fail("D3", `${grantId} was told ${print(before)}, then ${print(token)}`);
    }
    this.#tokens.set(grantId, token);
  }

  /** A client was told for good that the request does not have the lock, now or later. */
  onEnded(grantId: GrantId): void {
    this.#ended.add(grantId);
  }

  /** A region's shard gives the lock to somebody. */
  onLocalGrant(grantId: GrantId, lease: LeaseId): void {
    this.localGrants++;
    if (this.#ended.has(grantId)) this.fail("D3", `${grantId} got the lock after its end was told`);
    // Under a lease made anew it may be had again: the first grant has gone with its own lease.
    const grant = `${grantId} under lease ${lease}`;
    if (this.#granted.has(grant)) this.fail("D3", `${grant} got the lock twice`);
    this.#granted.add(grant);
  }

  /** A region accepted `value` for the first time under this ballot. */
  onAccepted(region: number, ballot: Ballot, value: RegisterValue): void {
    const key = printBallot(ballot);
    const regions = this.#accepted.get(key) ?? new Set();
    this.#accepted.set(key, regions.add(region));
    if (regions.size !== 2) return;
    const before = this.#chosen;
    if (before !== undefined && compareBallots(before.ballot, ballot) > 0) return;
    this.#chosen = { ballot, value };
    this.chosenCount++;
    this.#onChosen(before?.value, value);
  }

  #onChosen(before: RegisterValue | undefined, after: RegisterValue): void {
    for (const { grantId, delegation } of before?.holders ?? []) {
      if (!delegation || after.holders.some((holder) => holder.grantId === grantId)) continue;
      const ended = after.recent.findLast((each) => each.grantId === grantId);
      if (ended?.fate === "cancelled") this.#onGivenBack(grantId);
    }
    for (const { grantId } of after.holders) {
      const isNew = !before?.holders.some((holder) => holder.grantId === grantId);
      if (isNew && this.#ended.has(grantId)) {
        this.fail("D3", `${grantId} got the lock in the register after its end was told`);
      }
    }
  }

  /** Before others may have the lock, the shard has closed it and nobody has it there. */
  #onGivenBack(id: GrantId): void {
    for (const shard of this.#shards()) {
      if (shard?.state?.id !== id) continue;
      if (shard.state.isOpen) this.fail("D4", `${id} was given back while its shard had it open`);
      if (shard.holder !== undefined) {
        this.fail("D4", `${id} was given back while ${shard.holder.grantId} had the lock`);
      }
    }
  }
}

function print(token: bigint): string {
  return `${token >> 20n}.${token & 0xfffffn}`;
}
