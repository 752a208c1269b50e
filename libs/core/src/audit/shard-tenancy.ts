import type { Mode } from "../lock/lock-id.ts";
import { type EndSeen, type Finding, type GrantSeen, printGrant } from "./safety-step.ts";

/** One that holds the lock. */
export interface Tenant {
  readonly grantId: string;
  readonly token: bigint;
  readonly mode: Mode;
}

/** {@link ShardTenancy} as plain JSON. */
export interface SavedTenancy {
  readonly holders: readonly SavedTenant[];
  readonly unsure: readonly SavedTenant[];
  readonly last: string;
  readonly floor: string;
  readonly isPartial: boolean;
}

type SavedTenant = readonly [grantId: string, token: string, mode: Mode];

/**
 * Who holds a lock in one shard, followed in the shard's own order: a local lock, or a global one
 * while it is delegated to the shard's region. Every grant and every end is in that order, so what
 * is against the rules here is against them in the store.
 */
export class ShardTenancy {
  readonly #holders = new Map<string, Tenant>();
  /** Those that held it before a gap: each may be found again, with the token it had. */
  readonly #unsure = new Map<string, Tenant>();
  /** The largest token seen; 0: none. A later grant is above it. */
  #last = 0n;
  /**
   * The largest token of a grant seen as it was made. Grants that are found come in no order, so
   * they are only known to be above this one.
   */
  #floor = 0n;
  /** There may be holders from before the lock was watched. */
  #isPartial: boolean;

  constructor(isPartial: boolean) {
    this.#isPartial = isPartial;
  }

  /** Goes on from what {@link ShardTenancy.save} gave. */
  static restore(saved: SavedTenancy): ShardTenancy {
    const tenancy = new ShardTenancy(saved.isPartial);
    tenancy.#last = BigInt(saved.last);
    tenancy.#floor = BigInt(saved.floor);
    for (const tenant of saved.holders.map(fromSaved)) {
      tenancy.#holders.set(tenant.grantId, tenant);
    }
    for (const tenant of saved.unsure.map(fromSaved)) tenancy.#unsure.set(tenant.grantId, tenant);
    return tenancy;
  }

  /** Plain JSON. */
  save(): SavedTenancy {
    return {
      holders: [...this.#holders.values()].map(toSaved),
      unsure: [...this.#unsure.values()].map(toSaved),
      last: this.#last.toString(),
      floor: this.#floor.toString(),
      isPartial: this.#isPartial,
    };
  }

  /** The largest token seen; 0: none. */
  get last(): bigint {
    return this.#last;
  }

  /** Nobody holds it, and nobody may be found to. */
  get isIdle(): boolean {
    return this.#holders.size + this.#unsure.size === 0;
  }

  /** Those who hold it, as far as is known. */
  get holders(): Iterable<Tenant> {
    return this.#holders.values();
  }

  /** `isSameRevision`: nothing of the lock happened between it and the step before. */
  granted(step: GrantSeen, isSameRevision: boolean): Finding[] {
    const { grantId, token, mode } = step;
    const standing = this.#holders.get(grantId);
    if (standing !== undefined) return this.#again(standing, step);
    const conflict = this.#conflict(step);
    const stale = this.#staleToken(step, isSameRevision);
    this.#holders.set(grantId, { grantId, token, mode });
    this.#raise(step);
    // Whoever was there before it was watched had to end first, so it is known to have ended.
    if (mode === "exclusive") this.#isPartial = false;
    return [conflict, stale].filter((finding) => finding !== undefined);
  }

  /** Finds fault with an end of what was not held. */
  ended({ grantId, token, cause }: EndSeen): Finding[] {
    const holder = this.#holders.get(grantId) ?? this.#unsure.get(grantId);
    if (holder?.token === token) {
      this.#holders.delete(grantId);
      this.#unsure.delete(grantId);
      return [];
    }
    if (holder === undefined && this.#isPartial) return [];
    const why = holder === undefined ? "it did not hold the lock" : `its token is ${holder.token}`;
    const message = `${grantId} with token ${token} was ${cause}, but ${why}`;
    return [{ rule: "unmatched-end", grants: [grantId], message }];
  }

  /** What happened since the step before is unknown: anybody may have left, others have come. */
  lapse(): void {
    for (const [grantId, holder] of this.#holders) this.#unsure.set(grantId, holder);
    this.#holders.clear();
  }

  #again(standing: Tenant, step: GrantSeen): Finding[] {
    if (step.kind === "found" && standing.token === step.token) return [];
    this.#raise(step);
    this.#holders.set(step.grantId, step.token > standing.token ? tenantOf(step) : standing);
    const message = `${printGrant(step)} was granted while it held the lock as ${printGrant(standing)}`;
    return [{ rule: "granted-twice", grants: [step.grantId], message }];
  }

  #conflict(step: GrantSeen): Finding | undefined {
    for (const holder of this.#holders.values()) {
      const rule = clash(holder.mode, step.mode);
      if (rule === undefined) continue;
      const message = `${printGrant(step)} was granted while ${printGrant(holder)} held the lock`;
      return { rule, grants: [holder.grantId, step.grantId], message };
    }
    return undefined;
  }

  #staleToken(step: GrantSeen, isSameRevision: boolean): Finding | undefined {
    const isFound = step.kind === "found";
    const highest = isFound ? this.#floor : this.#last;
    const isInOrder = isFound ? this.#mayBeFound(step) : this.#mayCome(step, isSameRevision);
    if (isInOrder) return undefined;
    const message = `${printGrant(step)} was granted after token ${highest} had been given out`;
    return { rule: "token-not-risen", grants: [step.grantId], message };
  }

  #mayCome({ token, mode }: GrantSeen, isSameRevision: boolean): boolean {
    if (token !== this.#last) return token > this.#last;
    // Those who are let in together share a token: that of the transaction which let them in.
    return isSameRevision && mode === "shared" && this.#isShared(token);
  }

  /** It was known before the gap, or came after whatever was. */
  #mayBeFound({ grantId, token, mode }: GrantSeen): boolean {
    if (this.#isPartial || this.#unsure.get(grantId)?.token === token) return true;
    // The gap may lie between two who were let in together.
    return token > this.#floor || (token === this.#floor && mode === "shared");
  }

  /** Some share the lock under `token`. */
  #isShared(token: bigint): boolean {
    for (const holder of this.#holders.values()) {
      if (holder.token === token && holder.mode === "shared") return true;
    }
    return false;
  }

  #raise({ kind, grantId, token }: GrantSeen): void {
    if (token > this.#last) this.#last = token;
    if (kind === "found") this.#unsure.delete(grantId);
    else {
      this.#floor = this.#last;
      // All that were still there have been found before anything new happens.
      this.#unsure.clear();
    }
  }
}

/** The rule that two holders of these modes break together. */
export function clash(
  left: Mode,
  right: Mode,
): "two-exclusive" | "shared-with-exclusive" | undefined {
  if (left === "exclusive" && right === "exclusive") return "two-exclusive";
  return left === "shared" && right === "shared" ? undefined : "shared-with-exclusive";
}

function tenantOf({ grantId, token, mode }: GrantSeen): Tenant {
  return { grantId, token, mode };
}

function toSaved({ grantId, token, mode }: Tenant): SavedTenant {
  return [grantId, token.toString(), mode];
}

function fromSaved([grantId, token, mode]: SavedTenant): Tenant {
  return { grantId, token: BigInt(token), mode };
}
