import type { GrantId } from "@holdfast/base/ids";
import type { GlobalRequest } from "@holdfast/core/quorum/register-value";
import type { DelegatedLockOptions } from "./delegated-lock-options.ts";
import type { DelegationSession } from "./delegation-session.ts";
import { DelegationTenure, delegationRequest } from "./delegation-tenure.ts";

/** The delegations of one lock that a coordinator asks for, has and leaves: one at a time. */
export class DelegationTenures<Lock> {
  /** No step of this delegation was ever sent, so nothing of it can come true in the shard. */
  isUntouched = true;
  readonly #options: DelegatedLockOptions<Lock>;
  readonly #onChange: () => void;
  readonly #onOver: () => void;
  readonly #onDoubt: () => void;
  #tenure: DelegationTenure<Lock> | undefined;
  #left: GrantId | undefined;
  #isUnused = true;
  #isRetiring = false;
  #idleSinceMs: number | undefined;

  /**
   * `onOver`: the one it has now is over in the register, and is to be left. `onDoubt`: the
   * register had better be looked at.
   */
  constructor(
    options: DelegatedLockOptions<Lock>,
    onChange: () => void,
    onOver: () => void,
    onDoubt: () => void,
  ) {
    this.#options = options;
    this.#onChange = onChange;
    this.#onOver = onOver;
    this.#onDoubt = onDoubt;
  }

  /** The one it has or asks for. */
  get now(): DelegationTenure<Lock> | undefined {
    return this.#tenure;
  }

  /** The one that was left last: what is heard of it now is from before. */
  get left(): GrantId | undefined {
    return this.#left;
  }

  /** Nothing was done under the one it has, or it has none. */
  mayBeLeftFor(other: GrantId): boolean {
    if (this.#tenure === undefined) return true;
    return this.isUntouched && this.#tenure.request.grantId !== other;
  }

  /** No delegation is asked for any more, and the one there is given back as soon as may be. */
  get isRetiring(): boolean {
    return this.#isRetiring;
  }

  /** Left behind, each would keep the lock from everybody for a ttl. */
  retire(): void {
    this.#isRetiring = true;
  }

  /**
   * The next release is to close the one it has. `isWanted`: somebody waits for it here;
   * `isGranted`: the first of them would get it now.
   */
  isRecallDue(isWanted: boolean, isGranted: () => boolean): boolean {
    if (this.#isRetiring) return true;
    // Closed before the one that it was asked for had it, it would go round and serve nobody.
    if (this.#isUnused && isGranted()) return false;
    const isForOthers = !isWanted && this.#tenure?.isWantedElsewhere === true;
    return isForOthers || this.#tenure?.isRecallDue === true;
  }

  /** Somebody has the lock under it. */
  noteUse(): void {
    this.#isUnused = false;
    this.#idleSinceMs = undefined;
  }

  /** To be asked whenever nobody has it and nobody waits: true once that was so for long. */
  isIdleForLong(): boolean {
    const nowMs = this.#options.clock.monotonicMs();
    this.#idleSinceMs ??= nowMs;
    return nowMs - this.#idleSinceMs >= this.#options.policy.idleMs;
  }

  /** Asks the register for one. */
  ask(): void {
    if (this.#isRetiring) return;
    const { newId, region, clock } = this.#options;
    const session = this.#options.session();
    this.isUntouched = true;
    this.#isUnused = true;
    this.#begin(delegationRequest(newId(), region, session, clock.wallMs()), session, false);
  }

  /** Goes on with one that was opened in the shard by another coordinator. */
  adopt(request: GlobalRequest): void {
    this.isUntouched = false;
    this.#begin(request, this.#options.sessionOf(request), true);
  }

  /** Nothing is left to be done for it here. */
  leave(): void {
    this.#left = this.#tenure?.request.grantId;
    this.#tenure?.forget();
    this.#tenure = undefined;
    this.#idleSinceMs = undefined;
  }

  #begin(request: GlobalRequest, session: DelegationSession<Lock>, wasAsked: boolean): void {
    const { register, lock, clock, policy, patienceMs } = this.#options;
    const tenure = new DelegationTenure<Lock>({
      request,
      wasAsked,
      register,
      session,
      lock,
      clock,
      policy,
      pauseMs: patienceMs,
      onChange: this.#onChange,
      onDoubt: this.#onDoubt,
      onOver: () => {
        if (this.#tenure === tenure) this.#onOver();
        else this.#onChange();
      },
    });
    this.#tenure = tenure;
  }
}
