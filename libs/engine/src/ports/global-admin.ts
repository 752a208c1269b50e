import type { Cancellation } from "@holdfast/base/cancellation";
import type { Failure } from "@holdfast/base/failure";
import type { GlobalMember, ReadmissionProgress, Readmitted } from "./admin-tier.ts";

/**
 * The global tier as an administrator sees it: a coordinator implements it, and the client side of
 * one. Contract: as of `AdminTier`.
 */
export interface GlobalAdmin {
  /** Each region's part in the global tier, by region; a failure where no coordinator answers. */
  members(): Promise<ReadonlyMap<string, GlobalMember> | Failure>;
  /** See `AdminTier.readmit`. */
  readmit(
    region: string,
    onProgress: (progress: ReadmissionProgress) => void,
    cancellation: Cancellation,
  ): Promise<Readmitted | Failure>;
}
