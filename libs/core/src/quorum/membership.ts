import { regionsMax } from "./attempt.ts";
import type { RegionClaims, ShardClaim } from "./claim.ts";
import { type Members, memberName, sameMembers } from "./members.ts";

/** Where a shard stands among all of them. */
export interface Standing {
  readonly name: string;
  readonly incarnation: string;
  readonly generation: number;
  /**
   * `voting`: its votes count. `half-trusted`: they do, but what liveness it lacks proves nothing.
   * `silent`: it gives none, and `why` says what it waits for.
   */
  readonly state: "voting" | "half-trusted" | "silent";
  /** For people; empty where it votes. */
  readonly why: string;
  /** What its coordinator is to do about it now, by itself. */
  readonly action?: Action;
}

/** `join`: let it vote in a new installation. `raise`: take it to the record's generation. */
export interface Action {
  readonly kind: "join" | "raise";
  readonly record: Members;
}

/** The record of the highest generation that any shard was admitted by. */
export function highestMembers(all: readonly RegionClaims[]): Members | undefined {
  let highest: Members | undefined;
  for (const { shards } of all) {
    for (const { members } of shards) {
      if (members !== undefined && members.generation > (highest?.generation ?? 0)) {
        highest = members;
      }
    }
  }
  return highest;
}

/** Where the shards of `region` stand, judged from what was heard. Whoever is missing was not. */
export function standingsIn(region: string, all: readonly RegionClaims[]): Standing[] {
  const own = all.find((each) => each.region === region)?.shards ?? [];
  const record = highestMembers(all) ?? firstMembers(all);
  return own.map((shard) => {
    const judged = judge(memberName(region, shard.name), shard, record, all);
    const { name, incarnation, generation } = shard;
    return { name, incarnation, generation, ...judged };
  });
}

/**
 * The first record of a new installation. Undefined unless all shards of all regions were heard,
 * and none of them was ever let in: a shard that nobody hears may have voted.
 */
export function firstMembers(all: readonly RegionClaims[]): Members | undefined {
  const isNew = (shard: ShardClaim) =>
    shard.problem === "" && shard.incarnation !== "" && shard.generation === 0 && shard.isBlank;
  const isComplete = all.length === regionsMax && all.every(({ shards }) => shards.length > 0);
  if (!isComplete || !all.every(({ shards }) => shards.every(isNew))) return undefined;
  if (twinsAmong(all) !== undefined) return undefined;
  const entries = all.flatMap(({ region, shards }) =>
    shards.map(({ name, incarnation }) => {
      return [memberName(region, name), { incarnation, isJoining: false }] as const;
    }),
  );
  return { generation: 1, shards: Object.fromEntries(entries) };
}

type Judgement = Pick<Standing, "state" | "why" | "action">;

function judge(
  name: string,
  shard: ShardClaim,
  record: Members | undefined,
  all: readonly RegionClaims[],
): Judgement {
  if (shard.problem !== "") return silent(shard.problem);
  // One cluster under two names would be two of the three votes.
  const other = namesOf(shard.incarnation, all).find((each) => each !== name);
  if (other !== undefined) {
    return silent(
      `it is the very cluster that is configured as ${other}, too: check its endpoints`,
    );
  }
  if (record === undefined) return silent(whyNotFormed(all));
  const listed = record.shards[name];
  if (listed === undefined) {
    return silent(
      `it is not among the shards of generation ${record.generation}: readmit its region`,
    );
  }
  if (listed.incarnation !== shard.incarnation) {
    return silent(
      `it is not the cluster ${listed.incarnation} that is to vote here: its data was lost or ` +
        "replaced; check its endpoints, then readmit its region",
    );
  }
  if (shard.generation > 0) return votes(shard, record);
  if (listed.isJoining) return silent("its registers are being copied into it");
  return mayJoin(name, shard, record, all)
    ? { ...silent("it is being let in"), action: { kind: "join", record } }
    : silent("it lost its data, or the other regions do not agree on it: readmit its region");
}

function votes(shard: ShardClaim, record: Members): Judgement {
  const state = shard.isHalfTrusted ? "half-trusted" : "voting";
  if (shard.generation >= record.generation) return { state, why: "" };
  return { state, why: "", action: { kind: "raise", record } };
}

/**
 * Only the first record lets a shard in that was not copied into, and only while everybody was
 * heard and nobody names another cluster: whoever formed it may have met one that is gone by now.
 */
function mayJoin(
  name: string,
  shard: ShardClaim,
  record: Members,
  all: readonly RegionClaims[],
): boolean {
  if (record.generation !== 1 || !shard.isBlank || all.length < regionsMax) return false;
  return all.every(({ shards }) =>
    shards.every(({ problem, members }) => {
      if (problem !== "") return false;
      return members === undefined || members.shards[name]?.incarnation === shard.incarnation;
    }),
  );
}

/** Two names of one cluster. */
function twinsAmong(all: readonly RegionClaims[]): string | undefined {
  for (const { shards } of all) {
    for (const { incarnation } of shards) {
      const names = namesOf(incarnation, all);
      if (names.length > 1) return names.join(" and ");
    }
  }
  return undefined;
}

function namesOf(incarnation: string, all: readonly RegionClaims[]): string[] {
  return all.flatMap(({ region, shards }) =>
    shards
      .filter((each) => each.incarnation !== "" && each.incarnation === incarnation)
      .map((each) => memberName(region, each.name)),
  );
}

function whyNotFormed(all: readonly RegionClaims[]): string {
  if (all.length < regionsMax) {
    const heard = all.map(({ region }) => region).join(", ");
    return `a new installation begins once all three regions are heard: so far only ${heard}`;
  }
  const twins = twinsAmong(all);
  if (twins !== undefined) return `${twins} are one and the same cluster: check their endpoints`;
  for (const { region, shards } of all) {
    for (const { name, problem, isBlank, generation } of shards) {
      const which = memberName(region, name);
      if (problem !== "") return `a new installation begins once ${which} is heard: ${problem}`;
      if (generation > 0 || !isBlank) {
        return `${which} keeps registers, and no record says whose: ${mend(which)}`;
      }
    }
  }
  return "a region has no shards";
}

function mend(which: string): string {
  return `if the installation is new, delete every key of ${which} that begins with "g/"`;
}

function silent(why: string): Judgement {
  return { state: "silent", why };
}

/** What a re-admission is to do next. */
export type ReadmissionPlan =
  /** No shard needs it. */
  | { readonly kind: "whole"; readonly generation: number }
  /** Take both other regions, and what votes in this one, to this record; then ask again. */
  | { readonly kind: "raise"; readonly record: Members; readonly shards: readonly string[] }
  /** Everybody is at this record: copy, then admit. */
  | { readonly kind: "copy"; readonly record: Members; readonly shards: readonly string[] }
  | { readonly kind: "blocked"; readonly why: string };

/**
 * The next step of filling the shards of `region` that lost their data. Both other regions must be
 * whole: what the two of them kept before the generation rose is all that the lost one may have had
 * a part in. Asked with the same answers, two coordinators get the same record, and work together.
 */
export function planReadmission(region: string, all: readonly RegionClaims[]): ReadmissionPlan {
  const record = highestMembers(all);
  if (record === undefined) return { kind: "blocked", why: whyNotFormed(all) };
  const own = all.find((each) => each.region === region)?.shards ?? [];
  const standings = standingsIn(region, all);
  const lost = own.filter((_, index) => standings[index]?.state === "silent");
  if (lost.length === 0 && own.length > 0) {
    return { kind: "whole", generation: record.generation };
  }
  const why = whyBlocked(region, lost, all);
  if (why !== undefined) return { kind: "blocked", why };
  const shards = lost.map(({ name }) => name);
  const isListed = lost.every((shard) => {
    const listed = record.shards[memberName(region, shard.name)];
    return listed?.isJoining === true && listed.incarnation === shard.incarnation;
  });
  const isRaised = all.every((each) =>
    each.shards.every((shard) => {
      return lost.includes(shard) || sameMembers(shard.members, record);
    }),
  );
  if (isListed && isRaised) return { kind: "copy", record, shards };
  // A record that lists them and has not reached everybody yet is carried on with; where two
  // records of one generation exist, only the next generation can come to be everybody's.
  if (isListed && !isDivided(record, all)) return { kind: "raise", record, shards };
  return { kind: "raise", record: nextMembers(region, lost, record, all), shards };
}

/** A third region that is behind cannot be told from one that is away; one that differs can. */
function isDivided(record: Members, all: readonly RegionClaims[]): boolean {
  return all.some(({ shards }) =>
    shards.some(({ members }) => {
      return members?.generation === record.generation && !sameMembers(members, record);
    }),
  );
}

function nextMembers(
  region: string,
  lost: readonly ShardClaim[],
  before: Members,
  all: readonly RegionClaims[],
): Members {
  const shards = all.flatMap((each) =>
    each.shards.map((shard) => {
      const isJoining = each.region === region && lost.includes(shard);
      return [
        memberName(each.region, shard.name),
        { incarnation: shard.incarnation, isJoining },
      ] as const;
    }),
  );
  return { generation: before.generation + 1, shards: Object.fromEntries(shards) };
}

function whyBlocked(
  region: string,
  lost: readonly ShardClaim[],
  all: readonly RegionClaims[],
): string | undefined {
  if (all.length < regionsMax) {
    const heard = all.map((each) => each.region).join(", ");
    return `all three regions must be reached; only ${heard} could be`;
  }
  for (const { name: shard, problem, incarnation } of lost) {
    const which = memberName(region, shard);
    if (problem !== "") return `shard ${which} cannot be read: ${problem}`;
    const twin = namesOf(incarnation, all).find((each) => each !== which);
    if (twin !== undefined) return `shard ${which} and shard ${twin} are one and the same cluster`;
    const listed = Object.entries(highestMembers(all)?.shards ?? {});
    const [name] =
      listed.find(([each, it]) => each !== which && it.incarnation === incarnation) ?? [];
    if (name !== undefined) {
      return `the etcd configured as shard ${which} is that of ${name}: check its endpoints`;
    }
  }
  for (const { region: other } of all) {
    if (other === region) continue;
    const missing = standingsIn(other, all).find(({ state }) => state === "silent");
    if (missing !== undefined) {
      return `shard ${memberName(other, missing.name)} gives no votes either: ${missing.why}`;
    }
  }
  return undefined;
}
