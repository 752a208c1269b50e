import type { GrantId } from "@holdfast/base/ids";
import type { DelegationState } from "@holdfast/core/delegation/delegation-state";
import type { GlobalHolder, GlobalRequest } from "@holdfast/core/quorum/register-value";
import type { DelegatedSteps } from "./delegated-steps.ts";

/** What a {@link DelegationAdoption} needs. */
export interface AdoptionOptions {
  readonly region: string;
  readonly steps: DelegatedSteps;
  /** See {@link DelegatedLockOptions.mayAdopt}. */
  readonly mayAdopt: (request: GlobalRequest) => boolean;
  /** It may be gone on with. */
  readonly onFound: (request: GlobalRequest, state: DelegationState) => void;
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

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /** The shard is being asked. */
  get isUnderWay(): boolean {
    return this.#isLooking;
  }

  /** `left`: the delegation that was left last; what is heard of it now is from before. */
  consider({ token: _, ...request }: GlobalHolder, left: GrantId | undefined): void {
    const { region, steps, mayAdopt, onFound, onOver } = this.#options;
    const { grantId } = request;
    const isOurs = request.region === region && grantId !== left && mayAdopt(request);
    if (!isOurs || this.#isLooking) return;
    this.#isLooking = true;
    steps.beside({ kind: "look" }, (reply) => {
      this.#isLooking = false;
      const state = reply?.kind === "seen" ? reply.state : undefined;
      if (state?.id === grantId && state.isOpen) onFound(request, state);
      onOver();
    });
  }
}
