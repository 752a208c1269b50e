import type { Timer } from "@holdfast/base/clock";
import { type Failure, failure, isFailure } from "@holdfast/base/failure";
import type { Placement } from "@holdfast/core/placement/placement";
import type { RegionClaims } from "@holdfast/core/quorum/claim";
import type { Members } from "@holdfast/core/quorum/members";
import { highestMembers, type Standing, standingsIn } from "@holdfast/core/quorum/membership";
import type { OtherGeneration } from "@holdfast/core/quorum/message";
import { byDeadline } from "./deadline.ts";
import type {
  MembershipPeer,
  Readmission,
  RegistersPage,
  RegistersQuery,
} from "./ports/membership-peer.ts";
import { RegionMembers } from "./region-members.ts";
import { RegionReadmission } from "./region-readmission.ts";
import type { Shard, Surroundings } from "./shard.ts";

/** How long one question to another region may take, in ms. */
const askMs = 2_000;
/** How often it is looked who belongs: while something is amiss, and otherwise, in ms. */
const restlessMs = 500;
const restfulMs = 5_000;

/** What membership is built from. */
export interface MembershipOptions {
  readonly region: string;
  /** This region's shards. */
  readonly shards: readonly Shard[];
  /** The two other regions. */
  readonly peers: readonly MembershipPeer[];
  readonly surroundings: Surroundings;
  /** This region's placement of this moment: `Placements.pin`. */
  readonly placement: () => Placement | Failure;
  /** Why a shard is not the one it is configured as: `Placements.refusalOf`. */
  readonly refusalOf: (shard: Shard) => Failure | undefined;
}

/** One region, as `holdfast region ls` shows it. */
export interface RegionMembership {
  readonly region: string;
  /** Its shards could be asked just now, or when last asked. */
  readonly isHeard: boolean;
  /** Why not, for people; empty where it was. */
  readonly problem: string;
  /** Measured with the last question, in ms; 0 for this region, and where it was not heard. */
  readonly rttMs: number;
  readonly shards: readonly Standing[];
}

/** Who belongs, as this coordinator sees it. */
export interface MembershipStatus {
  /** 0: the installation is not formed yet. */
  readonly generation: number;
  readonly regions: readonly RegionMembership[];
  /** The latest re-admission of this region that this process had a part in. */
  readonly readmission?: Readmission;
}

interface Heard {
  readonly claims?: RegionClaims;
  readonly problem: string;
  readonly rttMs: number;
}

/**
 * Which clusters vote, and at which generation. Forms a new installation, brings this region's
 * shards up to a generation that others are at, and keeps those silent that lost their data.
 *
 * What it answers is a belief; every vote's own transaction compares the generation it was asked
 * at. So nothing here need be quick or in step, and everything may be done twice.
 */
export class Membership implements MembershipPeer {
  readonly region: string;
  readonly #options: MembershipOptions;
  readonly #own: RegionMembers;
  readonly #readmission: RegionReadmission;
  readonly #heard = new Map<string, Heard>();
  #generation = 0;
  #refreshing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: MembershipOptions) {
    const { region, shards, surroundings, refusalOf, peers, placement } = options;
    this.region = region;
    this.#options = options;
    this.#own = new RegionMembers(region, shards, surroundings, refusalOf);
    const own = this.#own;
    this.#readmission = new RegionReadmission({ own, peers, placement, surroundings });
  }

  /** Looks once, and goes on looking in the background until {@link stop}. */
  async start(): Promise<void> {
    await this.refresh();
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    this.#readmission.stop();
  }

  /** What proposals and reads are to carry, or why there is none yet. */
  generation(): number | Failure {
    if (this.#generation > 0) return this.#generation;
    const waiting = this.#standings().find(({ state }) => state === "silent");
    return failure(
      "NO_QUORUM",
      `The global tier of this installation is not formed yet: ${waiting?.why ?? "nobody was heard"}.`,
      { regions: this.#regionsHeard(), retryAfterMs: 1_000 },
    );
  }

  /**
   * A request or an answer was of this generation. A higher one is gone on with at once, and this
   * region's shards are raised to it as soon as the record that made it is found.
   */
  onGeneration(seen: number): void {
    if (!Number.isSafeInteger(seen) || seen <= this.#generation) return;
    this.#generation = seen;
    void this.refresh();
  }

  /**
   * Why this region gives no votes at all, whatever its shards say: its etcd goes by another name,
   * too, or is not the one that is to vote here. Undefined otherwise: a shard that lost its data
   * has no generation, and so gives no vote by itself.
   */
  refusal(): Failure | undefined {
    const wrong = this.#standings().find(({ state, generation }) => {
      return state === "silent" && generation > 0;
    });
    if (wrong === undefined) return undefined;
    return failure(
      "SHARD_UNAVAILABLE",
      `Shard ${this.region}/${wrong.name} is silent: ${wrong.why}.`,
      {
        shard: `${this.region}/${wrong.name}`,
        retryAfterMs: 1_000,
      },
    );
  }

  /** As of the last look. */
  status(): MembershipStatus {
    const all = this.#claims();
    const regions = [this.region, ...this.#options.peers.map((peer) => peer.region)].map(
      (region): RegionMembership => {
        const heard = this.#heard.get(region);
        return {
          region,
          isHeard: heard?.claims !== undefined,
          problem: heard?.problem ?? "it was not asked yet",
          rttMs: heard?.rttMs ?? 0,
          shards: standingsIn(region, all),
        };
      },
    );
    const readmission = this.#readmission.progress;
    return {
      generation: this.#generation,
      regions,
      ...(readmission === undefined ? {} : { readmission }),
    };
  }

  /** Looks who belongs now, and does about it what this region can do; single-flight. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async describe(withinMs: number): Promise<RegionClaims | Failure> {
    return this.#within(withinMs, this.#own.describe());
  }

  async raise(record: Members, withinMs: number): Promise<RegionClaims | Failure> {
    const claims = await this.#within(withinMs, this.#own.raise(record));
    this.onGeneration(record.generation);
    return claims;
  }

  readRegisters(
    query: RegistersQuery,
    withinMs: number,
  ): Promise<RegistersPage | OtherGeneration | Failure> {
    return this.#within(withinMs, this.#own.readRegisters(query));
  }

  async readmit(withinMs: number): Promise<Readmission | Failure> {
    return this.#within(withinMs, this.#readmission.begin());
  }

  async #look(): Promise<void> {
    const { clock } = this.#options.surroundings;
    const asked = [
      this.#hear(this.region, this.#own.describe()),
      ...this.#options.peers.map(async (peer) => {
        const sentMs = clock.monotonicMs();
        const answer = await this.#within(askMs, peer.describe(askMs));
        this.#note(peer.region, answer, clock.monotonicMs() - sentMs);
      }),
    ];
    await Promise.all(asked);
    const all = this.#claims();
    const highest = highestMembers(all)?.generation ?? 0;
    this.#generation = Math.max(this.#generation, highest);
    for (const { name, action } of standingsIn(this.region, all)) {
      if (action?.kind === "join") await this.#own.join(name, action.record);
      if (action?.kind === "raise") await this.#own.raise(action.record);
    }
    if (this.#standings().every(({ action }) => action === undefined)) return;
    await this.#hear(this.region, this.#own.describe());
    const formed = highestMembers(this.#claims())?.generation ?? 0;
    this.#generation = Math.max(this.#generation, formed);
  }

  async #hear(region: string, asking: Promise<RegionClaims>): Promise<void> {
    this.#note(region, await this.#within(askMs, asking), 0);
  }

  /** A region that answers for another one is not heard at all. */
  #note(region: string, answer: RegionClaims | Failure, rttMs: number): void {
    if (isFailure(answer)) this.#heard.set(region, { problem: answer.message, rttMs: 0 });
    else if (answer.region === region)
      this.#heard.set(region, { claims: answer, problem: "", rttMs });
    else {
      const problem = `what is configured as ${region} says it is ${answer.region}`;
      this.#heard.set(region, { problem, rttMs: 0 });
    }
  }

  #claims(): RegionClaims[] {
    return [...this.#heard.values()].flatMap(({ claims }) =>
      claims === undefined ? [] : [claims],
    );
  }

  #standings(): Standing[] {
    return standingsIn(this.region, this.#claims());
  }

  #regionsHeard(): string[] {
    return this.#claims().map(({ region }) => region);
  }

  #schedule(): void {
    if (this.#isStopped) return;
    const isAmiss =
      this.#claims().length <= this.#options.peers.length ||
      this.#standings().some(({ state, action }) => state === "silent" || action !== undefined);
    const delayMs = isAmiss ? restlessMs : restfulMs;
    this.#timer = this.#options.surroundings.clock.schedule(delayMs, () => {
      void this.refresh().then(() => this.#schedule());
    });
  }

  async #within<A extends { readonly kind: string }>(
    withinMs: number,
    asking: Promise<A | Failure>,
  ): Promise<A | Failure> {
    const { clock } = this.#options.surroundings;
    const answer = await byDeadline(clock, clock.monotonicMs() + withinMs, asking);
    if (answer.kind !== "unavailable") return answer as A | Failure;
    return failure("SHARD_UNAVAILABLE", `There was no answer within ${withinMs} ms.`, {
      retryAfterMs: 1_000,
    });
  }
}
