import { isFailure } from "@holdfast/base/failure";
import { invariant } from "@holdfast/base/invariant";
import type { SessionLease } from "@holdfast/core/command/command";
import type { Grant } from "@holdfast/core/command/outcome";
import { type Marker, sessionMarker } from "@holdfast/core/lease/marker";
import type { GlobalRequest } from "@holdfast/core/quorum/register-value";
import type { CancelAnswer, LocalAnswer, LocalAsking } from "./delegated-asking.ts";
import { answerMs, type GlobalContext } from "./global-context.ts";
import { lockIdOf } from "./global-view.ts";
import type { GlobalLockId, RegionLease, VotingRegion } from "./ports/voting-region.ts";
import type { RegionDelegation } from "./region-delegation.ts";

/** A lease that was known to live and proves to have ended is looked up again so often. */
const leaseTriesMax = 3;
/** Between two tries to withdraw a request from a shard that does not answer, in ms. */
const withdrawPauseMs = 1_000;

/** What became of a request that was asked in this region. */
export type HereAnswer =
  | { readonly kind: "granted"; readonly grant: Grant }
  | Exclude<LocalAnswer, { readonly kind: "granted" | "lease-ended" }>;

/** How the caller follows it. */
export interface HereAsking {
  /** Take a place if the lock is not free. */
  readonly wait: boolean;
  /** See {@link LocalAsking.isOver}. */
  readonly isOver: () => boolean;
  readonly onPlace: (place: number) => void;
  /** See {@link LocalAsking.traceparent}. */
  readonly traceparent: string | undefined;
  /** The lease that its place hangs on is known. */
  readonly onLease: () => void;
}

/** One request for a lock that is, or may be, delegated to this region. */
export class DelegatedRequest {
  readonly #context: GlobalContext;
  readonly #lock: GlobalLockId;
  readonly #delegation: RegionDelegation;
  readonly #request: GlobalRequest;
  #lease: RegionLease | undefined;

  constructor(
    context: GlobalContext,
    lock: GlobalLockId,
    delegation: RegionDelegation,
    request: GlobalRequest,
  ) {
    this.#context = context;
    this.#lock = lock;
    this.#delegation = delegation;
    this.#request = request;
  }

  /** It stands in line here, or has the lock here. */
  get isKnown(): boolean {
    return this.#delegation.lock.knows(this.#request.grantId) !== undefined;
  }

  /** It has the lock here, as far as is known. */
  get isHolding(): boolean {
    return this.#delegation.lock.knows(this.#request.grantId) === "holds";
  }

  /** Finds out whether the lock is delegated to this region, and looks at the register for that. */
  learn(): Promise<void> {
    return this.#delegation.learn();
  }

  /** It had better be asked here than in the register. */
  isWanted(wait: boolean): boolean {
    return wait ? this.#delegation.isWanted : this.#delegation.lock.isTakingPart;
  }

  /** The register granted it to this request. */
  noteGrant(token: bigint): void {
    this.#delegation.noteGrant(token);
  }

  /** It goes to the register as well. */
  noteMixed(): void {
    this.#delegation.noteMixed(this.#request.grantId);
  }

  /** Those in line here. */
  get lineLength(): number {
    return this.#delegation.lock.lineLength;
  }

  /** The leases that its place hangs on, as far as they are known. */
  get leases(): SessionLease[] {
    return this.#lease === undefined ? [] : [sessionLease(this.#lease)];
  }

  async ask(asking: HereAsking): Promise<HereAnswer> {
    const { onLease, ...rest } = asking;
    const { session, ttlMs } = this.#request;
    const learning = this.#delegation.learnOnce();
    for (let tries = 0; tries < leaseTriesMax; tries++) {
      const lease = await this.#home.meet(this.#lock, { session, ttlMs }, answerMs);
      // A region whose shard is away has no say; the two others may decide without it.
      if (isFailure(lease)) break;
      this.#lease = lease;
      onLease();
      await learning;
      const answer = await this.#acquire({ ...rest, marker: this.#markerOf(lease) });
      if (answer.kind === "granted") {
        return { kind: "granted", grant: this.#grant(lease, answer.token, answer.validForMs) };
      }
      if (answer.kind !== "lease-ended") return answer;
      this.#context.local.sessions.forget(session);
    }
    return { kind: "elsewhere" };
  }

  /** A sign of life of a session that has no heartbeats. */
  keepAlive(): void {
    void this.#home.keepAlive(this.#lock, this.#request.session, answerMs);
  }

  /**
   * Takes it out of the line, however long that takes; what it was granted it keeps. Undefined
   * where nothing was known until `untilMs` on the monotonic clock.
   */
  async withdraw(
    untilMs: number,
  ): Promise<Exclude<CancelAnswer, { readonly kind: "unknown" }> | undefined> {
    const { clock } = this.#context.surroundings;
    const { session, ttlMs } = this.#request;
    const met = this.#lease ?? (await this.#home.meet(this.#lock, { session, ttlMs }, answerMs));
    if (!isFailure(met)) this.#lease = met;
    while (clock.monotonicMs() < untilMs) {
      const marker = this.#lease === undefined ? {} : { marker: this.#markerOf(this.#lease) };
      const { grantId } = this.#request;
      const answer = await new Promise<CancelAnswer>((resolve) => {
        const { lock } = this.#delegation;
        lock.cancel({ grantId, ...marker, isWithdrawal: true, answer: resolve });
      });
      if (answer.kind !== "unknown") return answer;
      await new Promise<void>((resolve) => clock.schedule(withdrawPauseMs, resolve));
    }
    return undefined;
  }

  /** It was found to have this; undefined where the delegation does not vouch for it. */
  grantOf(token: bigint): Grant | undefined {
    const lease = this.#lease;
    const validForMs = this.#delegation.lock.validForMs(this.#request.grantId, token);
    if (lease === undefined || validForMs <= 0) return undefined;
    return this.#grant(lease, token, validForMs);
  }

  #acquire(asking: Omit<LocalAsking, "request" | "answer">): Promise<LocalAnswer> {
    return new Promise((answer) => {
      this.#delegation.lock.acquire({ ...asking, request: this.#request, answer });
    });
  }

  #grant(lease: RegionLease, token: bigint, validForMs: number): Grant {
    const { grantId, mode } = this.#request;
    return {
      lock: lockIdOf(this.#lock),
      grantId,
      mode,
      token,
      // Whichever ends first: what the delegation vouches for, or the session's own lease.
      validForMs: Math.floor(Math.min(validForMs, lease.validForMs)),
      validFrom: "first-send",
      lease: sessionLease(lease),
      regions: [lease.region],
    };
  }

  get #home(): VotingRegion {
    return homeOf(this.#context);
  }

  #markerOf({ lease }: RegionLease): Marker {
    return sessionMarker(this.#request.session, lease, this.#request.ttlMs);
  }
}

/** This region's own vote among those of all. */
export function homeOf({ regions, region }: GlobalContext): VotingRegion {
  const home = regions.find((each) => each.region === region);
  invariant(home !== undefined, "a coordinator's own region is one of the three");
  return home;
}

function sessionLease({ region, shard, lease }: RegionLease): SessionLease {
  return { region, shard, leaseId: lease };
}
