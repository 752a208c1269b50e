import { invariant } from "@holdfast/base/invariant";
import { counterOf } from "../delegation/delegation-state.ts";
import { type RegisterTenure, RegisterWatch, type SavedRegister } from "./register-watch.ts";
import {
  type EndSeen,
  type Finding,
  type GapSeen,
  type GrantSeen,
  type Position,
  printGrant,
} from "./safety-step.ts";
import { type SavedTenancy, ShardTenancy } from "./shard-tenancy.ts";

/** {@link LockWatch} as plain JSON. */
export interface SavedLock {
  readonly isPartial: boolean;
  readonly places: readonly SavedPlace[];
  /** Of a global lock. */
  readonly register?: SavedRegister;
}

interface SavedPlace {
  readonly region: string;
  readonly cluster: string;
  readonly left: readonly string[];
  readonly revision: string;
  readonly index: number;
  readonly tenancy: SavedTenancy;
}

/** A region, as far as it concerns the lock. */
interface Place {
  readonly region: string;
  /** Whose history is followed, up to and with `revision` and `index`. */
  cluster: string;
  revision: bigint;
  index: number;
  /** Clusters it was followed in before; what still comes from them is late. */
  readonly left: string[];
  readonly tenancy: ShardTenancy;
}

/** So many clusters that a region was followed in before are recognised. */
const leftMax = 8;

/**
 * What is known of one lock. A local lock is in one region; a global one has a copy of its register
 * in each, and is given out in one of them by itself while it is delegated there.
 *
 * Within a region, the latest cluster that granted the lock is the one that is followed: a lock
 * moves to another shard, and a region that lost its data comes back as another cluster. What was
 * held in the one before is not known any more, but tokens go on rising.
 */
export class LockWatch {
  readonly #isPartial: boolean;
  readonly #places = new Map<string, Place>();
  #register: RegisterWatch | undefined;

  /** `isPartial`: the lock may have holders from before it was watched. */
  constructor(isPartial: boolean) {
    this.#isPartial = isPartial;
  }

  /** Goes on from what {@link LockWatch.save} gave. */
  static restore({ isPartial, places, register }: SavedLock): LockWatch {
    const watch = new LockWatch(isPartial);
    for (const saved of places) {
      watch.#places.set(saved.region, {
        ...saved,
        left: [...saved.left],
        revision: BigInt(saved.revision),
        tenancy: ShardTenancy.restore(saved.tenancy),
      });
    }
    if (register !== undefined) watch.#register = RegisterWatch.restore(register);
    return watch;
  }

  /** Plain JSON. */
  save(): SavedLock {
    return {
      isPartial: this.#isPartial,
      places: [...this.#places.values()].map((place) => ({
        ...place,
        left: [...place.left],
        revision: place.revision.toString(),
        tenancy: place.tenancy.save(),
      })),
      ...(this.#register === undefined ? {} : { register: this.#register.save() }),
    };
  }

  /** Nobody holds it, in any region's eyes. */
  get isIdle(): boolean {
    for (const { tenancy } of this.#places.values()) if (!tenancy.isIdle) return false;
    return this.#register?.isIdle ?? true;
  }

  /** The rules that a step breaks. */
  step(step: GrantSeen | EndSeen): readonly Finding[] {
    const place = this.#placeOf(step);
    const { position, copy } = step;
    if (place === undefined || isSeen(place, position)) return [];
    const isSameRevision = place.revision === position.revision;
    place.revision = position.revision;
    place.index = position.index;
    if (step.kind === "ended") {
      if (copy === undefined) return place.tenancy.ended(step);
      this.#register ??= new RegisterWatch(this.#isPartial);
      return [...this.#register.ended(step, copy), ...this.#leftBehind(step, place)];
    }
    if (copy === undefined) {
      const findings = place.tenancy.granted(step, isSameRevision);
      return [...findings, ...this.#undelegated(step)];
    }
    this.#register ??= new RegisterWatch(this.#isPartial);
    return this.#register.granted(step, copy, (tenure) => this.#besides(tenure));
  }

  /** What holds the lock in the gap's region is not known any more. */
  gap({ region, position }: GapSeen): void {
    const place = this.#places.get(region);
    if (place?.cluster !== position.cluster || isSeen(place, position)) return;
    place.revision = position.revision;
    place.index = position.index;
    place.tenancy.lapse();
    this.#register?.lapse(region);
  }

  /** Undefined: the step is of a cluster that does not count, or not any more. */
  #placeOf({ region, kind, position: { cluster } }: GrantSeen | EndSeen): Place | undefined {
    const place = this.#places.get(region);
    if (place === undefined) return this.#newPlace(region, cluster);
    if (place.cluster === cluster) return place;
    if (kind === "ended" || place.left.includes(cluster)) return undefined;
    place.left.push(place.cluster);
    if (place.left.length > leftMax) place.left.shift();
    place.cluster = cluster;
    place.revision = 0n;
    place.index = 0;
    place.tenancy.lapse();
    this.#register?.moved(region);
    return place;
  }

  #newPlace(region: string, cluster: string): Place {
    const tenancy = new ShardTenancy(this.#isPartial);
    const place: Place = { region, cluster, revision: 0n, index: 0, left: [], tenancy };
    this.#places.set(region, place);
    return place;
  }

  /** A region gave the lock out by itself: the counter of the token must be its delegation's. */
  #undelegated(step: GrantSeen): Finding[] {
    const counter = counterOf(step.token);
    const tenure = this.#register?.confirmed((token) => counterOf(token) === counter);
    if (tenure !== undefined && tenure.delegatedTo !== step.region) {
      return [outside(step, `counter ${counter} is that of ${printGrant(tenure)}`, tenure.grantId)];
    }
    for (const { region, tenancy } of this.#places.values()) {
      if (region === step.region || tenancy.last === 0n) continue;
      if (counterOf(tenancy.last) !== counter) continue;
      return [outside(step, `${region} gave out token ${tenancy.last} of the same counter`)];
    }
    return [];
  }

  /** {@link LockWatch.#undelegated}, where it is the register's grant that is heard of later. */
  #besides(tenure: RegisterTenure): Finding[] {
    const counter = counterOf(tenure.token);
    for (const { region, tenancy } of this.#places.values()) {
      if (tenancy.last === 0n || counterOf(tenancy.last) !== counter) continue;
      if (region === tenure.delegatedTo) continue;
      return [outside(tenure, `${region} gave out token ${tenancy.last} of its counter by itself`)];
    }
    return [];
  }

  /**
   * A delegation is given back only after the region has shut it with nobody inside; one that is
   * taken away may leave a holder behind, whom the register's next token outranks. One that was not
   * chosen let nobody in: whoever has its counter has it from another one, which was.
   */
  #leftBehind({ grantId, region, cause }: EndSeen, { tenancy }: Place): Finding[] {
    if (cause !== "released") return [];
    invariant(this.#register !== undefined, "a copy of a register was seen");
    for (const tenure of this.#register.delegations(grantId, region)) {
      for (const holder of tenancy.holders) {
        if (counterOf(holder.token) !== counterOf(tenure.token)) continue;
        const why = `delegation ${grantId} was given back while it lasted`;
        const found = outside(holder, why, grantId);
        if (tenure.from > 0) return [found];
        tenure.ifConfirmed = found;
      }
    }
    return [];
  }
}

function isSeen(place: Place, { revision, index }: Position): boolean {
  return revision < place.revision || (revision === place.revision && index <= place.index);
}

function outside(
  grant: Pick<GrantSeen, "grantId" | "token" | "mode">,
  why: string,
  ...others: readonly string[]
): Finding {
  const message = `${printGrant(grant)} is outside of any delegation: ${why}`;
  return { rule: "outside-delegation", grants: [...others, grant.grantId], message };
}
