import { counterOf } from "../../delegation/delegation-state.ts";
import type { Mode } from "../../lock/lock-id.ts";
import { nextToken } from "../../quorum/register-value.ts";
import type { EndSeen, GapSeen, GrantSeen, SafetyStep } from "../safety-step.ts";
import type { Choices } from "./choices.ts";

interface Holder {
  readonly grantId: string;
  readonly token: bigint;
  readonly mode: Mode;
  readonly delegatedTo?: string;
}

interface Value {
  readonly version: number;
  readonly token: bigint;
  readonly holders: readonly Holder[];
  /** How the grants that it is without, and its predecessors had, came to an end. */
  readonly causes: ReadonlyMap<string, EndSeen["cause"]>;
}

/** A region's vote, and what it does by itself while the lock is delegated to it. */
interface Region {
  readonly name: string;
  ballot: number;
  value: Value;
  delegation: { id: string; counter: bigint; sequence: bigint; isOpen: boolean } | undefined;
  tenant: Holder | undefined;
  revision: bigint;
  index: number;
  readonly steps: SafetyStep[];
}

/**
 * A global lock as it is meant to be: one register, chosen by two of three regions, under ballots
 * that rise from round to round. A round may reach one region alone, and the next may not see it;
 * regions are left out and come back; one of them may have the lock by delegation.
 */
export class RegisterModel {
  readonly #choices: Choices;
  readonly #regions: readonly Region[];
  #ballot = 0;
  #requests = 0;

  constructor(choices: Choices) {
    this.#choices = choices;
    const value = { version: 0, token: 0n, holders: [], causes: new Map() };
    this.#regions = ["us", "eu", "ap"].map((name) => ({
      ...{ name, ballot: 0, value, delegation: undefined, tenant: undefined },
      ...{ revision: 10n, index: 0, steps: [] },
    }));
  }

  /** Does `count` things. */
  run(count: number, gaps: boolean): void {
    for (let done = 0; done < count; done++) {
      const region = this.#choices.of(this.#regions);
      if (gaps && this.#choices.oneIn(30)) this.#gap(region);
      else if (this.#choices.oneIn(2)) this.#local(region);
      else this.round((base) => this.#change(base));
    }
  }

  /**
   * One ballot: two or three regions promise, some of them and others accept what `change` makes of
   * the value they know. Answers with the value, if it was chosen.
   */
  round(change: (base: Value) => Value, isReliable = false): Value | undefined {
    const ballot = ++this.#ballot;
    const order = this.#choices.shuffled(this.#regions);
    const promised = order.slice(0, isReliable || this.#choices.oneIn(2) ? 3 : 2);
    const latest = promised.reduce((left, right) => (right.ballot > left.ballot ? right : left));
    const value = change(latest.value);
    const reached = this.#choices.shuffled(this.#regions);
    const accepting = isReliable ? reached : reached.slice(0, 1 + this.#choices.below(3));
    for (const region of accepting) this.#accept(region, ballot, value);
    if (accepting.length < 2) return undefined;
    this.#open(value);
    return value;
  }

  /** All steps, each region's in order; one region may be far ahead of another. */
  merged(repeats: boolean): SafetyStep[] {
    const choices = this.#choices;
    const merged: SafetyStep[] = [];
    const left = this.#regions.map(({ steps }) => ({ steps, next: 0 }));
    for (;;) {
      const open = left.filter(({ steps, next }) => next < steps.length);
      if (open.length === 0) return merged;
      const script = choices.of(open);
      const until = Math.min(script.steps.length, script.next + 1 + choices.below(10));
      merged.push(...script.steps.slice(script.next, until));
      script.next = until;
      if (repeats && choices.oneIn(10)) script.next -= choices.below(Math.min(6, until));
    }
  }

  /** The next value with one more holder, whoever there is already. */
  grant(base: Value, mode: Mode, delegatedTo?: string): Value {
    const token = nextToken(base.token);
    const to = delegatedTo === undefined ? {} : { delegatedTo };
    const holder: Holder = { grantId: `g${++this.#requests}`, token, mode, ...to };
    return { ...base, version: base.version + 1, token, holders: [...base.holders, holder] };
  }

  /** The next value with one new holder in the place of all there are. */
  replace(base: Value, mode: Mode): Value {
    return this.grant({ ...base, holders: [] }, mode);
  }

  #change(base: Value): Value {
    const choices = this.#choices;
    const { holders } = base;
    // A waiter came; or nothing is to be done, and the value is only made sure of.
    if (choices.oneIn(6)) return { ...base, version: base.version + 1 };
    if (choices.oneIn(10)) return base;
    if (holders.length > 0 && choices.oneIn(2)) {
      const ended = this.#without(base, choices.of(holders));
      return choices.oneIn(2) ? this.#admit(ended, ended.version - 1) : ended;
    }
    const [held] = holders;
    if (held?.delegatedTo !== undefined && choices.oneIn(2)) return this.#renewed(base, held);
    return this.#admit(base, base.version);
  }

  #admit(base: Value, version: number): Value {
    const mode = this.#choices.oneIn(2) ? "shared" : "exclusive";
    const isFree = base.holders.every((holder) => holder.mode === "shared");
    if (base.holders.length > 0 && (mode === "exclusive" || !isFree)) return base;
    const to = this.#choices.oneIn(2) ? this.#choices.of(this.#regions).name : undefined;
    const granted = this.grant(base, mode, mode === "exclusive" ? to : undefined);
    return { ...granted, version: version + 1 };
  }

  #without(base: Value, holder: Holder): Value {
    const shut = this.#regions.find(({ delegation }) => delegation?.id === holder.grantId);
    const mayRelease = holder.delegatedTo === undefined || shut?.delegation?.isOpen === false;
    const cause = mayRelease && this.#choices.oneIn(2) ? "released" : "expired";
    return {
      ...base,
      version: base.version + 1,
      holders: base.holders.filter((other) => other !== holder),
      causes: new Map(base.causes).set(holder.grantId, cause),
    };
  }

  #renewed(base: Value, held: Holder): Value {
    const token = nextToken(base.token);
    return { ...base, version: base.version + 1, token, holders: [{ ...held, token }] };
  }

  #accept(region: Region, ballot: number, value: Value): void {
    const before = region.value;
    region.ballot = ballot;
    region.value = value;
    this.#next(region);
    const copy = { version: value.version, ballot: `${ballot}` };
    for (const holder of before.holders) {
      const { grantId, token } = holder;
      const stays = value.holders.some(
        (other) => other.grantId === grantId && (other.token === token || other.delegatedTo),
      );
      if (stays) continue;
      const cause = value.causes.get(grantId) ?? "expired";
      this.#say(region, { kind: "ended", lock: "orders", grantId, token, cause, copy });
    }
    for (const holder of value.holders) {
      const { grantId, token } = holder;
      const had = before.holders.some((old) => old.grantId === grantId && old.token === token);
      if (!had) this.#sayGrant(region, "granted", holder, copy);
    }
  }

  /** The region's shard hears of the delegation it was given, or of its next counter. */
  #open({ holders: [held] }: Value): void {
    const region = this.#regions.find(({ name }) => name === held?.delegatedTo);
    if (region === undefined || held === undefined || this.#choices.oneIn(4)) return;
    const counter = counterOf(held.token);
    const { delegation, tenant } = region;
    if (delegation !== undefined && delegation.counter >= counter) return;
    const isRenewal = delegation?.id === held.grantId;
    if (isRenewal && !delegation?.isOpen) return;
    this.#next(region);
    if (!isRenewal && tenant !== undefined) this.#leave(region, tenant);
    region.delegation = { id: held.grantId, counter, sequence: 0n, isOpen: true };
  }

  /** What the region does by itself; also when the register says otherwise already. */
  #local(region: Region): void {
    const { delegation, tenant } = region;
    this.#next(region);
    if (tenant !== undefined) this.#leave(region, tenant);
    else if (delegation?.isOpen && this.#choices.oneIn(4)) delegation.isOpen = false;
    if (!delegation?.isOpen || this.#choices.oneIn(3)) return;
    const token = (delegation.counter << 20n) | ++delegation.sequence;
    region.tenant = { grantId: `l${++this.#requests}`, token, mode: "exclusive" };
    this.#sayGrant(region, "granted", region.tenant);
  }

  #leave(region: Region, { grantId, token }: Holder): void {
    region.tenant = undefined;
    this.#say(region, { kind: "ended", lock: "orders", grantId, token, cause: "released" });
  }

  #gap(region: Region): void {
    const lost = this.#choices.below(Math.min(6, region.steps.length + 1));
    region.steps.splice(region.steps.length - lost);
    this.#next(region);
    this.#say(region, { kind: "gap" });
    const copy = { version: region.value.version, ballot: `${region.ballot}` };
    for (const holder of region.value.holders) this.#sayGrant(region, "found", holder, copy);
    if (region.tenant !== undefined) this.#sayGrant(region, "found", region.tenant);
  }

  #next(region: Region): void {
    region.revision++;
    region.index = 0;
  }

  #sayGrant(
    region: Region,
    kind: GrantSeen["kind"],
    { grantId, token, mode, delegatedTo }: Holder,
    copied?: NonNullable<GrantSeen["copy"]>,
  ): void {
    const to = delegatedTo === undefined ? {} : { delegatedTo };
    const copy = copied === undefined ? {} : { copy: { ...copied, ...to } };
    this.#say(region, { kind, lock: "orders", grantId, token, mode, ...copy });
  }

  #say(
    region: Region,
    step:
      | Omit<GrantSeen, "region" | "position" | "atMs">
      | Omit<EndSeen, "region" | "position" | "atMs">
      | Omit<GapSeen, "region" | "position" | "atMs">,
  ): void {
    const { name, revision, index } = region;
    region.index++;
    const position = { cluster: `${name}-1`, revision, index };
    region.steps.push({ ...step, region: name, position, atMs: Number(revision) });
  }
}
