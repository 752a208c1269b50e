import type { Mode } from "../lock/lock-id.ts";
import {
  type EndSeen,
  type Finding,
  type GrantSeen,
  printGrant,
  type RegisterCopy,
} from "./safety-step.ts";
import { clash } from "./shard-tenancy.ts";

/** {@link RegisterWatch} as plain JSON. */
export interface SavedRegister {
  readonly tenures: readonly SavedTenure[];
  readonly last?: SavedLatest;
  readonly isPartial: boolean;
  readonly regions: readonly (readonly [region: string, RegionSeen])[];
}

/** How far a region's copies have come. */
interface RegionSeen {
  /** The version it was last seen at. */
  readonly version: number;
  /** Its copy may have holders from before it was watched. */
  readonly isPartial: boolean;
}

type SavedTenure = Omit<RegisterTenure, "token"> & { readonly token: string };
type SavedLatest = Omit<Latest, "token"> & { readonly token: string };

/** What one region's copies say of a grant. */
interface Copied {
  readonly region: string;
  /**
   * Copies of two regions that have this in common are of one choice. Empty for one that was found
   * after a gap, or may have been shown before it was watched: when it came is not known.
   */
  readonly choice: string;
  /** The first version in which the region shows it no more. */
  until?: number;
  /**
   * The region lost part of its history since, and with it perhaps the end; or, where it showed
   * one, that it had the holder again after it, and another end.
   */
  isUnsure: boolean;
}

/** A grant by the register. */
export interface RegisterTenure {
  readonly grantId: string;
  readonly token: bigint;
  readonly mode: Mode;
  readonly delegatedTo?: string;
  copies: Copied[];
  /** The lowest version that any region showed it in: it was not chosen in one before. */
  first: number;
  /** The version of the copies that confirmed it; 0: it is not confirmed. */
  from: number;
  /** The latest version that two regions were seen to have it in. */
  chosen: number;
  /** What is wrong with it if it counts: told once it is confirmed. */
  ifConfirmed?: Finding;
}

/** The confirmed grant of the highest version. */
interface Latest {
  readonly grantId: string;
  readonly first: number;
  readonly version: number;
  readonly token: bigint;
}

/**
 * A tenure that has ended wherever it was seen is remembered until every region has come as far,
 * for the other copies may be late; but no more than so many. A region that is further behind the
 * others confirms nothing.
 */
const endedMax = 64;

/**
 * The grants of one register, put together from the copies of it that each region's shard accepted.
 *
 * A grant counts once two regions show it alike; a copy that only one region has may be of an
 * attempt that was never chosen. (One that was chosen by accepting such a copy's value again, in
 * another version or under another ballot, is not seen to be chosen, and so not compared, unless a
 * region shows it again: showing a holder once more in a later copy is always harmless.) Copies
 * come late, in any order between regions, and with versions left out, so tenures are compared by
 * the register's versions and not by when they are heard of. An end counts from the first region
 * that shows it: two that show a later grant include one that had the earlier, and it shows that
 * end before it shows the grant. So in a correct history, no end is still to come when two
 * confirmed tenures are compared.
 */
export class RegisterWatch {
  #tenures: RegisterTenure[] = [];
  #last: Latest | undefined;
  readonly #isPartial: boolean;
  readonly #regions = new Map<string, RegionSeen>();

  /** `isPartial`: there may be holders from before the lock was watched. */
  constructor(isPartial: boolean) {
    this.#isPartial = isPartial;
  }

  /** Goes on from what {@link RegisterWatch.save} gave. */
  static restore({ tenures, last, isPartial, regions }: SavedRegister): RegisterWatch {
    const watch = new RegisterWatch(isPartial);
    for (const [region, seen] of regions) watch.#regions.set(region, seen);
    watch.#tenures = tenures.map((tenure) => ({
      ...tenure,
      token: BigInt(tenure.token),
      copies: tenure.copies.map((copy) => ({ ...copy })),
    }));
    if (last !== undefined) watch.#last = { ...last, token: BigInt(last.token) };
    return watch;
  }

  /** Plain JSON. */
  save(): SavedRegister {
    return {
      tenures: this.#tenures.map((tenure) => ({
        ...tenure,
        token: tenure.token.toString(),
        copies: tenure.copies.map((copy) => ({ ...copy })),
      })),
      ...(this.#last === undefined
        ? {}
        : { last: { ...this.#last, token: this.#last.token.toString() } }),
      isPartial: this.#isPartial,
      regions: [...this.#regions],
    };
  }

  /** No region's copy has a holder. */
  get isIdle(): boolean {
    return !this.#tenures.some(isHeld);
  }

  /** What the confirmed grant with a token that `has` picks was, if it is remembered. */
  confirmed(has: (token: bigint) => boolean): RegisterTenure | undefined {
    return this.#tenures.find((tenure) => tenure.from > 0 && has(tenure.token));
  }

  /** What the grant id has had of `region`: a delegation gets a new token when it is renewed. */
  delegations(grantId: string, region: string): RegisterTenure[] {
    return this.#tenures.filter(
      (tenure) => tenure.grantId === grantId && tenure.delegatedTo === region,
    );
  }

  /** `onConfirmed` is told of the tenure when this copy of it is the second. */
  granted(
    step: GrantSeen,
    copy: RegisterCopy,
    onConfirmed: (tenure: RegisterTenure) => readonly Finding[],
  ): Finding[] {
    const { region, kind, mode } = step;
    const { version, ballot = "" } = copy;
    // Whoever was there before the copies were watched had to end first.
    this.#see(region, version, mode === "exclusive" ? false : undefined);
    const tenure = this.#tenureOf(step, copy);
    const isPartial = this.#regions.get(region)?.isPartial ?? false;
    tenure.first = Math.min(tenure.first, version);
    const choice = kind === "found" || isPartial ? "" : `${version} ${ballot}`;
    const others = tenure.copies.filter((seen) => seen.region !== region);
    tenure.copies = [...others, { region, choice, isUnsure: false }];
    // Not before it has its copy: it may be one that had ended, and would be forgotten.
    this.#renewed(tenure, region, version);
    if (choice === "" || !others.some((seen) => seen.choice === choice)) return [];
    tenure.chosen = Math.max(tenure.chosen, version);
    if (tenure.from > 0) return [];
    tenure.from = version;
    const { ifConfirmed: held } = tenure;
    return [
      ...this.#compare(tenure),
      ...onConfirmed(tenure),
      ...(held === undefined ? [] : [held]),
    ];
  }

  /** Finds fault with an end of what the same region had not shown to be held. */
  ended({ region, grantId, token, cause }: EndSeen, { version }: RegisterCopy): Finding[] {
    this.#see(region, version);
    const tenure = this.#find(grantId, token);
    const copy = tenure?.copies.find((seen) => seen.region === region);
    if (tenure === undefined || copy === undefined || !isLive(copy)) {
      const mayBeLost = copy?.isUnsure === true && copy.until === undefined;
      if (this.#regions.get(region)?.isPartial || mayBeLost) return [];
      const message =
        `${grantId} with token ${token} was ${cause} in version ${version}, ` +
        `but did not hold the lock in ${region}`;
      return [{ rule: "unmatched-end", grants: [grantId], message }];
    }
    copy.until = version;
    this.#forget();
    return [];
  }

  /** Nothing is known of what `region` holds until it is found again. */
  lapse(region: string): void {
    for (const { copies } of this.#tenures) {
      for (const copy of copies) if (copy.region === region) copy.isUnsure = true;
    }
    this.#forget();
  }

  /** `region` has another shard now, whose history is not known from its beginning. */
  moved(region: string): void {
    this.lapse(region);
    this.#regions.set(region, { version: 0, isPartial: true });
  }

  /**
   * Versions may fall in a region, from an attempt that was not chosen to the choice. What the
   * region showed no more then is not in the lower version either.
   */
  #see(region: string, version: number, isPartial?: boolean): void {
    const seen = this.#regions.get(region) ?? { version: 0, isPartial: this.#isPartial };
    this.#regions.set(region, { version, isPartial: isPartial ?? seen.isPartial });
    if (version >= seen.version) return;
    for (const { copies } of this.#tenures) {
      const copy = copies.find((shown) => shown.region === region);
      if (copy?.until !== undefined && copy.until > version) copy.until = version;
    }
  }

  #find(grantId: string, token: bigint): RegisterTenure | undefined {
    return this.#tenures.find((tenure) => tenure.token === token && tenure.grantId === grantId);
  }

  #tenureOf({ grantId, token, mode }: GrantSeen, copy: RegisterCopy): RegisterTenure {
    const known = this.#find(grantId, token);
    if (known !== undefined) return known;
    const { delegatedTo, version: first } = copy;
    const delegated = delegatedTo === undefined ? {} : { delegatedTo };
    const state = { copies: [], first, from: 0, chosen: 0 };
    const tenure: RegisterTenure = { grantId, token, mode, ...delegated, ...state };
    this.#tenures.push(tenure);
    return tenure;
  }

  /** A delegation that is renewed goes on under a new token, without an end of the old one. */
  #renewed(tenure: RegisterTenure, region: string, version: number): void {
    if (tenure.delegatedTo === undefined) return;
    for (const other of this.#tenures) {
      if (other === tenure || other.grantId !== tenure.grantId) continue;
      const copy = other.copies.find((seen) => seen.region === region && isLive(seen));
      if (copy !== undefined) copy.until = version;
    }
    this.#forget();
  }

  #compare(tenure: RegisterTenure): Finding[] {
    const overlap = this.#overlap(tenure);
    const stale = this.#staleToken(tenure);
    const { grantId, first, from: version, token } = tenure;
    const last = this.#last;
    const isLatest = last === undefined || version > last.version;
    if (isLatest || (version === last.version && token > last.token)) {
      this.#last = { grantId, first, version, token };
    }
    return [overlap, stale].filter((finding) => finding !== undefined);
  }

  #overlap(tenure: RegisterTenure): Finding | undefined {
    // Where an end may be lost, what looks like two at once may be one after the other.
    if (isUnsure(tenure)) return undefined;
    for (const other of this.#tenures) {
      if (other === tenure || other.from === 0 || isUnsure(other)) continue;
      if (other.from >= untilOf(tenure) || tenure.from >= untilOf(other)) continue;
      const isSame = other.grantId === tenure.grantId;
      const rule = isSame ? "granted-twice" : clash(other.mode, tenure.mode);
      if (rule === undefined) continue;
      const message =
        `in version ${Math.max(tenure.from, other.from)} of the register, ` +
        `${printGrant(tenure)} and ${printGrant(other)} held the lock together`;
      return { rule, grants: [other.grantId, tenure.grantId], message };
    }
    return undefined;
  }

  #staleToken(tenure: RegisterTenure): Finding | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const { first, from: version, token, grantId } = tenure;
    // One that was forgotten, for attempts had shown its end, and is there still.
    if (grantId === last.grantId && token === last.token) return undefined;
    // Both were there in their versions, and neither before it was first shown.
    const isLater = first > last.version && token <= last.token;
    const isEarlier = version < last.first && token >= last.token;
    if (!isLater && !isEarlier) return undefined;
    const message =
      `${printGrant(tenure)} was granted in version ${version} of the register, ` +
      `where version ${last.version} gave out token ${last.token}`;
    return { rule: "token-not-risen", grants: [grantId], message };
  }

  /** Only what has ended is let go: without it a grant is not confirmed, and no alarm is raised. */
  #forget(): void {
    const versions = [...this.#regions.values()].map(({ version }) => version);
    const passed = versions.length < 2 ? 0 : Math.min(...versions);
    const kept = this.#tenures.filter(
      (tenure) => isHeld(tenure) || isUnsure(tenure) || untilOf(tenure) >= passed,
    );
    let surplus = kept.reduce((sum, tenure) => sum + (isHeld(tenure) ? 0 : 1), -endedMax);
    this.#tenures = kept.filter((tenure) => isHeld(tenure) || surplus-- <= 0);
  }
}

/** An end that counts was shown, whatever was lost after it; one that does not tells nothing. */
function isUnsure({ copies, chosen }: RegisterTenure): boolean {
  return copies.some(({ until = 0, isUnsure }) => isUnsure && until <= chosen);
}

function isHeld({ copies }: RegisterTenure): boolean {
  return copies.some(isLive);
}

function isLive({ until, isUnsure }: Copied): boolean {
  return until === undefined && !isUnsure;
}

/** The first version without it. An end from before it was seen chosen was itself not chosen. */
function untilOf({ copies, chosen }: RegisterTenure): number {
  return copies.reduce(
    (least, { until = 0 }) => (until > chosen ? Math.min(least, until) : least),
    Number.POSITIVE_INFINITY,
  );
}
