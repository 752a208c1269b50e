import { Cancellation } from "@holdfast/base/cancellation";
import type { Failure } from "@holdfast/base/failure";
import { decodeEpoch } from "@holdfast/core/lock/epoch";
import { epochKey } from "@holdfast/core/lock/keys";
import { type Placement, placeOf } from "@holdfast/core/placement/placement";
import { slotCount } from "@holdfast/core/placement/slot";
import { writtenHead } from "./journal/written-head.ts";
import type { LocalContext } from "./local-context.ts";
import type {
  About,
  AdminTier,
  GlobalMember,
  LockPlace,
  MemberStatus,
  PlacementTable,
  RegionStatus,
  SessionsPage,
  SessionsQuery,
  ShardStatus,
  SlotRun,
} from "./ports/admin-tier.ts";
import type { GlobalAdmin } from "./ports/global-admin.ts";
import type { LockTier } from "./ports/lock-tier.ts";
import { SessionDirectory } from "./session-directory.ts";
import { storeFailure } from "./shard.ts";

/** What the administrator's view is built from. */
export interface AdminOptions {
  readonly context: LocalContext;
  readonly about: Omit<About, "uptimeMs" | "region">;
  /** The addresses of the servers behind each shard. */
  readonly shardEndpoints: ReadonlyMap<string, readonly string[]>;
  /** Asks the servers behind a shard how they are. */
  readonly members: (shard: string) => Promise<readonly MemberStatus[]>;
  readonly peers: ReadonlyMap<string, LockTier>;
  readonly peerEndpoints: ReadonlyMap<string, readonly string[]>;
  /** This router's own address. */
  readonly endpoint: string;
  /** The global tier; absent where there is no coordinator. */
  readonly global?: GlobalAdmin;
}

/** How the region is laid out and how it fares. */
export class Admin implements AdminTier {
  readonly readmit?: GlobalAdmin["readmit"];
  readonly #options: AdminOptions;
  readonly #startedAtMs: number;

  constructor(options: AdminOptions) {
    const { global } = options;
    this.#options = options;
    if (global !== undefined) this.readmit = (...asked) => global.readmit(...asked);
    this.#startedAtMs = options.context.surroundings.clock.monotonicMs();
  }

  about(): About {
    const { about, context } = this.#options;
    const uptimeMs = context.surroundings.clock.monotonicMs() - this.#startedAtMs;
    return { ...about, region: context.region, uptimeMs: Math.round(uptimeMs) };
  }

  async placement(): Promise<PlacementTable | Failure> {
    const placement = this.#options.context.placements.pin();
    if ("kind" in placement) return placement;
    return {
      kind: "placement",
      region: placement.region,
      version: placement.version,
      shards: placement.shards.map(({ name, weight }) => ({
        name,
        weight,
        slotCount: slotsOf(placement, name),
      })),
      runs: runsOf(placement),
    };
  }

  shards(): Promise<readonly ShardStatus[]> {
    const names = [...this.#options.context.shards.keys()].sort();
    return Promise.all(names.map((name) => this.#shard(name)));
  }

  async #shard(name: string): Promise<ShardStatus> {
    const { context, shardEndpoints } = this.#options;
    const shard = context.shards.get(name);
    const placement = context.placements.current;
    const { clock } = context.surroundings;
    const askedAtMs = clock.monotonicMs();
    const written = shard === undefined ? { writtenProblem: "" } : writtenHead(shard.store);
    const reply = await shard?.store.range({ kind: "range", key: epochKey });
    const rttMs = clock.monotonicMs() - askedAtMs;
    const read = reply?.kind === "read" ? reply : undefined;
    const problem =
      reply === undefined || shard === undefined || reply.kind === "read"
        ? ""
        : storeFailure(shard, reply).message;
    return {
      name,
      endpoints: shardEndpoints.get(name) ?? [],
      reachable: read !== undefined,
      problem,
      rttMs: read === undefined ? 0 : rttMs,
      epoch: read === undefined ? 0 : decodeEpoch(read.range),
      revision: read?.revision ?? 0n,
      slotCount: placement === undefined ? 0 : slotsOf(placement, name),
      members: await this.#options.members(name),
      ...(await written),
    };
  }

  async locate(namespace: string, name: string): Promise<LockPlace | Failure> {
    const { context } = this.#options;
    const placement = context.placements.pin();
    if ("kind" in placement) return placement;
    const { slot, shard } = placeOf(context.hash, placement, namespace, name);
    return {
      kind: "place",
      region: context.region,
      slot,
      shard,
      placementVersion: placement.version,
    };
  }

  async regions(): Promise<readonly RegionStatus[]> {
    const { context, endpoint, peers, peerEndpoints, global } = this.#options;
    const asked = global?.members();
    const own: RegionStatus = {
      name: context.region,
      local: true,
      endpoints: [endpoint],
      reachable: true,
      rttMs: 0,
      problem: "",
    };
    const others = [...peers].map(([name, peer]) =>
      this.#region(name, peer, peerEndpoints.get(name) ?? []),
    );
    const regions = [own, ...(await Promise.all(others))];
    const members = await asked;
    if (members === undefined) return regions;
    // A coordinator has no routers of other regions to ask, but knows their coordinators.
    const unasked = "code" in members ? [] : [...members].filter(([name]) => !isIn(regions, name));
    return [
      ...regions.map((region) => ({ ...region, global: memberIn(members, region.name) })),
      ...unasked.map(([name, member]): RegionStatus => {
        const { reachable, rttMs, problem } = member;
        const endpoints = peerEndpoints.get(name) ?? [];
        return { name, local: false, endpoints, reachable, rttMs, problem, global: member };
      }),
    ];
  }

  /** Reads a lock that need not exist: an answer proves router and shard of that region. */
  async #region(name: string, peer: LockTier, endpoints: readonly string[]): Promise<RegionStatus> {
    const { clock } = this.#options.context.surroundings;
    const askedAtMs = clock.monotonicMs();
    const outcome = await peer.execute(
      { kind: "get", lock: { region: name, namespace: "default", name: "holdfast.probe" } },
      {
        cancellation: new Cancellation(),
        deadlineMs: askedAtMs + probeMaxMs,
        hops: 1,
        onCallerLost: "cancel",
      },
    );
    const reachable = outcome.kind === "lock";
    return {
      name,
      local: false,
      endpoints,
      reachable,
      rttMs: reachable ? clock.monotonicMs() - askedAtMs : 0,
      problem: outcome.kind === "failure" ? outcome.message : "",
    };
  }

  sessions(query: SessionsQuery): Promise<SessionsPage | Failure> {
    return new SessionDirectory(this.#options.context).page(query);
  }
}

/** Longest wait for another region's answer, in ms. */
const probeMaxMs = 2_000;

function isIn(regions: readonly RegionStatus[], name: string): boolean {
  return regions.some((region) => region.name === name);
}

/** A coordinator that does not answer is told of with each region: nothing is known of any. */
function memberIn(
  members: ReadonlyMap<string, GlobalMember> | Failure,
  region: string,
): GlobalMember {
  const known = "code" in members ? undefined : members.get(region);
  if (known !== undefined) return known;
  const problem = "code" in members ? members.message : "The coordinator does not know the region.";
  return { reachable: false, rttMs: 0, problem, incarnation: "", generation: 0, votes: false };
}

function slotsOf(placement: Placement, shard: string): number {
  const index = placement.shards.findIndex(({ name }) => name === shard);
  let count = 0;
  for (const owner of placement.owners) if (owner === index) count++;
  return count;
}

function runsOf({ owners, shards }: Placement): SlotRun[] {
  const runs: SlotRun[] = [];
  for (let first = 0; first < slotCount; ) {
    let last = first;
    while (last + 1 < slotCount && owners[last + 1] === owners[first]) last++;
    runs.push({ first, last, shard: shards[owners[first] ?? 0]?.name ?? "" });
    first = last + 1;
  }
  return runs;
}
