import { sleep } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import { limits } from "@holdfast/core/limits";
import type { Placement } from "@holdfast/core/placement/placement";
import { slotCount } from "@holdfast/core/placement/slot";
import type { RegionClaims } from "@holdfast/core/quorum/claim";
import { readmitTxn } from "@holdfast/core/quorum/claim-txn";
import type { Members } from "@holdfast/core/quorum/members";
import { planReadmission, type ReadmissionPlan } from "@holdfast/core/quorum/membership";
import { keepCopyTxn, longestTtlMs, type RegisterCopy } from "@holdfast/core/quorum/register-copy";
import type { MembershipPeer, Readmission } from "./ports/membership-peer.ts";
import type { RegionMembers } from "./region-members.ts";
import { printShard, type Shard, type Surroundings, storeFailure } from "./shard.ts";

/** The slots are gone through in this many parts, a few of them at once. */
const stripes = 16;
const stripesAtOnce = 4;
/** Steps of one re-admission; each of them is decided anew from what everybody says. */
const stepsMax = 20;
const stepPauseMs = 250;
/** How often a page is asked for, and how long each time, in ms. */
const pageTries = 5;
const askMs = 5_000;
/** The lease that says "half trusted" lives for at least this long, in seconds. */
const trustMinS = 5;

/** What a re-admission works with. */
export interface RegionReadmissionOptions {
  readonly own: RegionMembers;
  readonly peers: readonly MembershipPeer[];
  readonly placement: () => Placement | Failure;
  readonly surroundings: Surroundings;
}

/**
 * Fills the shards of this region that lost their data from both other regions, and lets them vote
 * again. Nothing of it is kept in memory but how far it is: a coordinator that dies is replaced by
 * any other that is asked to readmit, and two at once do each other's work.
 */
export class RegionReadmission {
  readonly #options: RegionReadmissionOptions;
  #progress: Readmission | undefined;
  #isRunning = false;
  /** How the last one ended was told to whoever asked for it. */
  #isTold = true;
  #isStopped = false;
  #copied = 0;
  #longestTtlMs = 0;

  constructor(options: RegionReadmissionOptions) {
    this.#options = options;
  }

  /** Undefined until it was asked for. */
  get progress(): Readmission | undefined {
    return this.#progress;
  }

  /** Begins unless it is under way; answers how far it is, after the first step at the latest. */
  begin(): Promise<Readmission> {
    const known = this.#progress;
    if (known !== undefined && (this.#isRunning || !this.#isTold)) {
      // Whoever asks how far it is must hear of its end before another one begins.
      this.#isTold ||= !this.#isRunning;
      return Promise.resolve(known);
    }
    this.#isRunning = true;
    this.#copied = 0;
    this.#longestTtlMs = 0;
    return new Promise((resolve) => {
      let isAnswered = false;
      const answer = (progress: Readmission) => {
        isAnswered = true;
        resolve(progress);
      };
      void this.#run(answer).then((last) => {
        this.#isRunning = false;
        this.#isTold = !isAnswered;
        resolve(last);
      });
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #run(onFirst: (progress: Readmission) => void): Promise<Readmission> {
    let trouble = "";
    for (let step = 0; step < stepsMax && !this.#isStopped; step++) {
      if (step > 0) await sleep(this.#options.surroundings.clock, stepPauseMs);
      const all = await this.#askAll();
      const plan = planReadmission(this.#options.own.region, all);
      if (plan.kind === "whole") return this.#tell("whole", plan.generation, []);
      if (plan.kind === "blocked") return this.#tell("failed", 0, [], plan.why);
      const { record, shards } = plan;
      onFirst(this.#tell("copying", record.generation, shards));
      const failed =
        plan.kind === "raise" ? await this.#raise(plan, all) : await this.#fill(record, shards);
      trouble = failed?.message ?? trouble;
    }
    const why = trouble === "" ? "the generation did not come to rest" : trouble;
    return this.#tell("failed", this.#progress?.generation ?? 0, this.#progress?.shards ?? [], why);
  }

  /**
   * The own region is asked last. A record is made from these answers, and the own cluster that it
   * names was there after the others had said what they are at: should that cluster be lost since,
   * whatever lets its successor in is of as high a generation, so that this record comes too late.
   * Asked before the others, one that was lost meanwhile would be named in a higher record than
   * its successor was let in by, and the region would be silent again.
   */
  async #askAll(): Promise<RegionClaims[]> {
    const { own, peers } = this.#options;
    const others = await Promise.all(
      peers.map(async (peer) => {
        const answer = await peer.describe(askMs);
        const isOther = !isFailure(answer) && answer.region !== peer.region;
        return isOther ? failure("SHARD_UNAVAILABLE", `${peer.region} is another region`) : answer;
      }),
    );
    return [await own.describe(), ...others.filter((answer) => answer.kind === "claims")];
  }

  /** The other regions first; what it came to is seen when they are asked again. */
  async #raise(
    { record, shards }: Pick<Extract<ReadmissionPlan, { kind: "raise" }>, "record" | "shards">,
    all: readonly RegionClaims[],
  ): Promise<Failure | undefined> {
    const { own, peers } = this.#options;
    const claims = all.find(({ region }) => region === own.region)?.shards ?? [];
    // An older state of this region that still has a generation would keep the copy out.
    const older = claims.filter(({ name, generation }) => generation > 0 && shards.includes(name));
    for (const claim of older) {
      const shard = own.shard(claim.name);
      if (shard !== undefined) await own.disown(shard, claim);
    }
    if (older.length > 0) return undefined;
    const answers = await Promise.all(peers.map((peer) => peer.raise(record, askMs)));
    const failed = answers.find(isFailure);
    if (failed === undefined) await own.raise(record);
    return failed;
  }

  async #fill(record: Members, names: readonly string[]): Promise<Failure | undefined> {
    const { own, peers, placement } = this.#options;
    const current = placement();
    if ("kind" in current) return current;
    const lost = names.flatMap((name) => own.shard(name) ?? []);
    const incarnations = new Map<string, string>();
    for (const shard of lost) {
      const { incarnation } = record.shards[printShard(shard)] ?? { incarnation: "" };
      incarnations.set(shard.name, incarnation);
    }
    const work = peers.flatMap((peer) => stripesOf(peer));
    const failures: Failure[] = [];
    const next = async (): Promise<void> => {
      for (let stripe = work.shift(); stripe !== undefined; stripe = work.shift()) {
        if (failures.length > 0 || this.#isStopped) return;
        const failed = await this.#copyStripe(stripe, record, current, incarnations);
        if (failed !== undefined) failures.push(failed);
      }
    };
    await Promise.all(Array.from({ length: stripesAtOnce }, next));
    if (failures[0] !== undefined) return failures[0];
    for (const shard of lost) {
      const failed = await this.#admit(shard, record);
      if (failed !== undefined) return failed;
    }
    return undefined;
  }

  async #copyStripe(
    { peer, firstSlot, lastSlot }: Stripe,
    record: Members,
    placement: Placement,
    incarnations: ReadonlyMap<string, string>,
  ): Promise<Failure | undefined> {
    let after = "";
    do {
      const query = { generation: record.generation, firstSlot, lastSlot, after };
      const page = await this.#page(peer, query);
      if (page.kind === "failure") return page;
      if (page.kind === "other-generation") return overtaken(peer.region, page.generation);
      const kept = await Promise.all(
        page.copies.map((copy) => this.#keep(copy, placement, incarnations)),
      );
      const failed = kept.find((each) => each !== undefined);
      if (failed !== undefined) return failed;
      after = page.next;
    } while (after !== "" && !this.#isStopped);
    return undefined;
  }

  async #page(peer: MembershipPeer, query: Parameters<MembershipPeer["readRegisters"]>[0]) {
    for (let attempt = 1; ; attempt++) {
      const page = await peer.readRegisters(query, askMs);
      if (!isFailure(page) || attempt >= pageTries || this.#isStopped) return page;
      await sleep(this.#options.surroundings.clock, stepPauseMs * attempt);
    }
  }

  async #keep(
    copy: RegisterCopy,
    placement: Placement,
    incarnations: ReadonlyMap<string, string>,
  ): Promise<Failure | undefined> {
    const name = placement.shards[placement.owners[copy.slot] ?? 0]?.name ?? "";
    const incarnation = incarnations.get(name);
    const shard = this.#options.own.shard(name);
    // A slot of a shard that lost nothing.
    if (incarnation === undefined || shard === undefined) return undefined;
    const txn = keepCopyTxn(incarnation, placement.version, copy);
    const reply = await shard.committer.submit(txn, `g\0${copy.namespace}\0${copy.name}`);
    if (reply.kind !== "committed") return storeFailure(shard, reply);
    if (!reply.result.succeeded) return changed(shard);
    const ttlMs = longestTtlMs(copy, limits.globalTtlMs.max);
    this.#longestTtlMs = Math.max(this.#longestTtlMs, ttlMs);
    this.#copied++;
    if (this.#progress !== undefined) this.#progress = { ...this.#progress, copied: this.#copied };
    return undefined;
  }

  /** The lease is made last: what it outlives must have been lost before. */
  async #admit(shard: Shard, record: Members): Promise<Failure | undefined> {
    const ttlS = Math.max(trustMinS, Math.ceil(this.#longestTtlMs / 1_000));
    const granted = await shard.store.grantLease(ttlS);
    if (granted.kind !== "granted") return storeFailure(shard, granted);
    const { incarnation } = record.shards[printShard(shard)] ?? { incarnation: "" };
    const reply = await shard.store.commit(readmitTxn(incarnation, record, granted.lease));
    if (reply.kind === "committed" && reply.result.succeeded) return undefined;
    if (reply.kind !== "unknown") void shard.store.revokeLease(granted.lease);
    return reply.kind === "committed" ? changed(shard) : storeFailure(shard, reply);
  }

  #tell(
    state: Readmission["state"],
    generation: number,
    shards: readonly string[],
    problem = "",
  ): Readmission {
    const { region } = this.#options.own;
    const copied = this.#copied;
    const told = {
      kind: "readmission",
      region,
      state,
      generation,
      shards,
      copied,
      problem,
    } as const;
    this.#progress = told;
    return told;
  }
}

interface Stripe {
  readonly peer: MembershipPeer;
  readonly firstSlot: number;
  readonly lastSlot: number;
}

function stripesOf(peer: MembershipPeer): Stripe[] {
  const slots = slotCount / stripes;
  return Array.from({ length: stripes }, (_, index) => {
    return { peer, firstSlot: index * slots, lastSlot: (index + 1) * slots - 1 };
  });
}

function overtaken(region: string, generation: number): Failure {
  return failure("CONTENDED", `${region} has gone on to generation ${generation} meanwhile.`);
}

/** Somebody else admitted it, it was lost once more, or its placement changed: look again. */
function changed(shard: Shard): Failure {
  return failure("CONTENDED", `Shard ${printShard(shard)} changed while it was being filled.`);
}
