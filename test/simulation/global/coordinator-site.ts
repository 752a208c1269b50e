import { sleep } from "@holdfast/base/clock";
import { failure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import type { Outcome } from "@holdfast/core/command/outcome";
import { defaultDelegationPolicy } from "@holdfast/core/delegation/recall";
import { BallotSource } from "@holdfast/core/quorum/ballot";
import { CoordinatorTier } from "@holdfast/engine/coordinator-tier";
import { GlobalLocks } from "@holdfast/engine/global-locks";
import { LocalLocks } from "@holdfast/engine/local-locks";
import { farthestRegionMs, nearestRegionMs } from "@holdfast/engine/nearest-region";
import type { Call } from "@holdfast/engine/ports/lock-tier";
import type { VotingRegion } from "@holdfast/engine/ports/voting-region";
import { takeIdentity } from "@holdfast/engine/proposer-identity";
import { RegionAcceptor } from "@holdfast/engine/region-acceptor";
import type { Shard } from "@holdfast/engine/shard";
import { SimulatedProcess } from "@holdfast/simulator/kernel/simulated-process";
import type { ShardLink } from "@holdfast/simulator/store/shard-link";
import { simulatedHash } from "../world/simulated-hash.ts";
import { cluster, regionNames } from "./global-names.ts";
import { generation } from "./global-region.ts";
import { type CallHost, type RemoteCall, RemoteTier } from "./remote-calls.ts";
import { RemoteVotes, type VotesHost } from "./remote-votes.ts";
import type { SiteSurroundings } from "./site-surroundings.ts";

/** Pause before a shard that gave no identity is asked again, in ms. */
const retryMs = 500;

/** One coordinator process: the real engine of the global tier over simulated links. */
export class CoordinatorSite implements CallHost, VotesHost {
  readonly process: SimulatedProcess;
  readonly links: readonly ShardLink[];
  readonly calls = new Set<RemoteCall>();
  readonly tier = this;
  readonly #sites: SiteSurroundings;
  readonly #region: string;
  readonly #local: LocalLocks;
  readonly #shards: readonly Shard[];
  #acceptor: VotingRegion | undefined;
  #locks: GlobalLocks | undefined;
  #tier: CoordinatorTier | undefined;
  #isStopped = false;

  constructor(sites: SiteSurroundings, region: string, name: string) {
    const { simulation, network, plan } = sites;
    this.#sites = sites;
    this.#region = region;
    const process = new SimulatedProcess(simulation, name, plan.skew());
    this.process = process;
    const { links, shards } = sites.region(region).linksFor(process, network, sites.storeFaults);
    this.links = links;
    this.#shards = shards;
    const surroundings = { clock: process, random: process.random };
    this.#local = new LocalLocks({ cluster, region, shards, hash: simulatedHash, surroundings });
    void this.#start();
  }

  /** What it tells of its region; undefined before it has started. */
  get votes(): VotingRegion | undefined {
    return this.#acceptor;
  }

  execute(command: Command, call: Call): Promise<Outcome> {
    const starting = failure("SHARD_UNAVAILABLE", "The coordinator is starting.");
    return this.#tier?.execute(command, call) ?? Promise.resolve(starting);
  }

  stop(): void {
    this.#isStopped = true;
    this.#locks?.stop();
    this.#local.stop();
  }

  async #start(): Promise<void> {
    await this.#local.start();
    const identity = await this.#identity();
    if (identity === undefined) return;
    const { process } = this;
    const own = new RegionAcceptor(this.#local.context);
    const others = regionNames
      .filter((each) => each !== this.#region)
      .map((each) => {
        return new RemoteVotes(each, process, this.#sites.network, () => this.#sites.voterOf(each));
      });
    this.#acceptor = own;
    this.#locks = new GlobalLocks({
      region: this.#region,
      regions: [own, ...others].sort((one, two) => (one.region < two.region ? -1 : 1)),
      local: this.#local.context,
      refusal: () => undefined,
      coordinator: `${identity.proposer}.${identity.incarnation}`,
      coordinators: this.#coordinators(),
      delegation: defaultDelegationPolicy,
      ballots: new BallotSource(identity.proposer, identity.incarnation),
      surroundings: { clock: process, random: process.random },
      generation: () => generation,
      onGeneration: () => {},
      roundTripMs: () => nearestRegionMs(others.map(({ distance }) => distance)),
      farthestMs: () => farthestRegionMs(others.map(({ distance }) => distance)),
    });
    this.#tier = new CoordinatorTier(this.#locks, this.#region);
  }

  /** The other regions' coordinators, as this one asks what is delegated there. */
  #coordinators(): ReadonlyMap<string, RemoteTier> {
    const { network } = this.#sites;
    const find = (name: string) => this.#sites.coordinators.get(name);
    return new Map(
      regionNames
        .filter((each) => each !== this.#region)
        .map((each) => {
          const namesFor = (command: Command) => this.#sites.coordinatorsFor(each, command);
          return [each, new RemoteTier(this.process, network, find, namesFor)];
        }),
    );
  }

  async #identity() {
    const [shard] = this.#shards;
    const { process } = this;
    const ordinal = regionNames.indexOf(this.#region as (typeof regionNames)[number]);
    while (shard !== undefined && !this.#isStopped) {
      const taken = await takeIdentity({ shard, ordinal, random: process.random });
      if (taken.kind === "identity") return taken;
      await sleep(process, retryMs);
    }
    return undefined;
  }
}
