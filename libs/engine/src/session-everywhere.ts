import { isFailure } from "@holdfast/base/failure";
import type { LeaseId } from "@holdfast/base/ids";
import type { SessionLease } from "@holdfast/core/command/command";
import type { Confirmation } from "@holdfast/core/command/outcome";
import { majority } from "@holdfast/core/quorum/votes";
import { answerMs, type GlobalContext } from "./global-context.ts";
import type { GlobalLockId, MetSession, RegionLease, VotingRegion } from "./ports/voting-region.ts";

/** A region that did not answer is asked again after so long, twice as long each time, in ms. */
const meetAgainMs = { min: 2_000, max: 16_000 };

/**
 * A session's leases for one lock in all regions. A region that does not answer is left out, and
 * counts for no grant.
 */
export class SessionEverywhere {
  readonly #context: GlobalContext;
  readonly #lock: GlobalLockId;
  readonly #session: MetSession;
  readonly #leases = new Map<number, RegionLease>();
  readonly #silences = new Map<string, string>();
  /** Those that are being asked. */
  readonly #asked = new Set<number>();
  #meeting: Promise<void>[] = [];

  constructor(context: GlobalContext, lock: GlobalLockId, session: MetSession) {
    this.#context = context;
    this.#lock = lock;
    this.#session = session;
  }

  /** Every lease that is known by now. */
  get leases(): SessionLease[] {
    return [...this.#leases.values()].map(sessionLease);
  }

  /**
   * Why the regions said nothing that said nothing when last asked, by region. One that says that
   * the session has ended there is not among them.
   */
  get silences(): ReadonlyMap<string, string> {
    return this.#silences;
  }

  /** Asks all regions; `onLease` hears of each that answers. */
  meet(onLease: () => void = () => {}): void {
    this.#ask(this.#meetIn, onLease);
  }

  /** The same, and again until `isOver` where nobody answers: its turn may come much later. */
  meetAll(isOver: () => boolean, onLease: () => void): void {
    const { clock } = this.#context.surroundings;
    const askAfter = (pauseMs: number): Ask => {
      return async (region, index) => {
        const lease = await this.#meetIn(region);
        if (isFailure(lease) && lease.code !== "SESSION_EXPIRED") {
          const again = askAfter(Math.min(2 * pauseMs, meetAgainMs.max));
          clock.schedule(pauseMs, () => isOver() || void this.#askOne(index, again, onLease));
        }
        return lease;
      };
    };
    this.#ask(askAfter(meetAgainMs.min), onLease);
  }

  /** Passes a sign of life on to all regions. */
  keepAlive(): void {
    this.#ask(this.#keepIn);
  }

  /**
   * The same for a request that waits, and is to have leases by its turn: a region that has none,
   * for it was away when it was asked last or for longer than one lasts, is asked for one.
   */
  keepOrMeet(onLease: () => void): void {
    this.#ask(async (region) => {
      const kept = await this.#keepIn(region);
      const isMissing = isFailure(kept) && kept.code === "SESSION_EXPIRED";
      return isMissing ? this.#meetIn(region) : kept;
    }, onLease);
  }

  /** The session's lease in a region, if that is known. */
  leaseIn(region: string): RegionLease | undefined {
    return this.#leases.get(this.#context.regions.findIndex((each) => each.region === region));
  }

  /** Waits for one region's answer; false where it has no lease of the session. */
  async isKnownIn(region: string): Promise<boolean> {
    const index = this.#context.regions.findIndex((each) => each.region === region);
    if (this.#leases.has(index)) return true;
    if (this.#meeting.length === 0) this.meet();
    // The way there may have been cut when it was asked last.
    else if (!this.#asked.has(index)) this.#meeting[index] = this.#askOne(index, this.#meetIn);
    await this.#meeting[index];
    return this.#leases.has(index);
  }

  /** Resolves when two regions have answered, or all that will. */
  async settled(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    let answered = 0;
    for (const each of this.#meeting) {
      void each.then(() => {
        if (++answered === this.#meeting.length || this.#leases.size >= majority) resolve();
      });
    }
    if (this.#meeting.length === 0) resolve();
    await promise;
  }

  /**
   * What the holder may count on: regions that confirmed the grant, by the very lease they hold it
   * under [H1]. Waits for a region whose lease is not known yet. How long a lease is valid counts
   * from before the region was asked, so all the more from before the client's request was sent.
   */
  async confirmations(confirmed: ReadonlyMap<number, LeaseId>): Promise<Confirmation[]> {
    await Promise.all([...confirmed.keys()].map((index) => this.#meeting[index]));
    const confirmations: Confirmation[] = [];
    for (const [index, leaseId] of confirmed) {
      const known = this.#leases.get(index);
      if (known === undefined || known.lease !== leaseId) continue;
      const validForMs = Math.floor(known.validForMs);
      confirmations.push({ lease: sessionLease(known), validForMs });
    }
    return confirmations;
  }

  readonly #meetIn = (region: VotingRegion) => region.meet(this.#lock, this.#session, answerMs);
  readonly #keepIn = (region: VotingRegion) =>
    region.keepAlive(this.#lock, this.#session.session, answerMs);

  #ask(ask: Ask, onLease?: () => void): void {
    this.#meeting = this.#context.regions.map((_, index) => this.#askOne(index, ask, onLease));
  }

  async #askOne(index: number, ask: Ask, onLease: () => void = () => {}): Promise<void> {
    const region = this.#context.regions[index];
    if (region === undefined) return;
    this.#asked.add(index);
    const lease = await ask(region, index);
    this.#asked.delete(index);
    this.#silences.delete(region.region);
    if (isFailure(lease)) {
      if (lease.code === "SESSION_EXPIRED") this.#leases.delete(index);
      else this.#silences.set(region.region, lease.message);
      return;
    }
    this.#leases.set(index, lease);
    onLease();
  }
}

/** What a region is asked about the session. */
type Ask = (region: VotingRegion, index: number) => ReturnType<VotingRegion["meet"]>;

function sessionLease({ region, shard, lease }: RegionLease): SessionLease {
  return { region, shard, leaseId: lease };
}
