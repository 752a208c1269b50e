import type { GrantId } from "@holdfast/base/ids";
import type { DelegationState } from "@holdfast/core/delegation/delegation-state";
import type { LocalHolder } from "@holdfast/core/delegation/local-step";
import type { GlobalHolder, GlobalRequest } from "@holdfast/core/quorum/register-value";
import type { DelegatedSteps } from "./delegated-steps.ts";

/** What a {@link DelegationAdoption} needs. */
export interface AdoptionOptions {
  readonly region: string;
  readonly steps: DelegatedSteps;
  /** See {@link DelegatedLockOptions.mayAdopt}. */
  readonly mayAdopt: (request: GlobalRequest) => boolean;
  /** It may be gone on with; false: not yet, see {@link DelegationAdoption.retry}. */
  readonly onFound: (
    request: GlobalRequest,
    state: DelegationState,
    holder?: LocalHolder,
  ) => boolean;
  /** The look is over, whatever it found. */
  readonly onOver: () => void;
}

/**
 * Goes on with what another coordinator of this region was given, or this one in an earlier life.
 * Only once that one has opened it in the shard: before, it may end it any moment, for nobody could
 * have had the lock under it [H9]. From then on each step of either compares what the one before it
 * left, and it ends only after it was closed there.
 */
export class DelegationAdoption {
  readonly #options: AdoptionOptions;
  #isLooking = false;
  #found: GlobalHolder | undefined;

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /** The shard is being asked. */
  get isUnderWay(): boolean {
    return this.#isLooking;
  }

  /** `left`: the delegation that was left last; what is heard of it now is from before. */
  consider(delegate: GlobalHolder, left: GrantId | undefined): void {
    const { token: _, ...request } = delegate;
    const { region, steps, mayAdopt, onFound, onOver } = this.#options;
    const { grantId } = request;
    const isOurs = request.region === region && grantId !== left && mayAdopt(request);
    if (!isOurs || this.#isLooking) return;
    this.#isLooking = true;
    steps.beside({ kind: "look" }, (reply) => {
      this.#isLooking = false;
      const { state, holder } = reply?.kind === "seen" ? reply : {};
      const isOpen = state?.id === grantId && state.isOpen;
      if (isOpen && !onFound(request, state, holder)) this.#found = delegate;
      onOver();
    });
  }

  /** What was in the way of the one that was found is gone. */
  retry(left: GrantId | undefined): void {
    const found = this.#found;
    this.#found = undefined;
    if (found !== undefined) this.consider(found, left);
  }
}
