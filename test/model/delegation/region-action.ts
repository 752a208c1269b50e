import type { LocalReply } from "@holdfast/core/delegation/local-step";
import type { RegisterCommand, RegisterOutcome } from "@holdfast/core/quorum/register-command";
import type { Violation } from "@holdfast/simulator/history/run";
import type { Turn } from "./region-coordinator.ts";

/** Numbers: register, shard, two coordinators, two clients, the visitor, the rest. */
export type RegionState = Uint32Array;

/** One thing that may happen. */
export type RegionAction =
  | { readonly kind: "does"; readonly at: number; readonly turn: TurnTaken }
  | {
      readonly kind: "hears";
      readonly at: number;
      readonly turn: TurnTaken;
      /** Undefined: no answer came in time. */
      readonly heard: LocalReply | RegisterOutcome | undefined;
    }
  /** What nothing comes between, or could as well come before it or after it. */
  | { readonly kind: "at once"; readonly actions: readonly RegionAction[] }
  | { readonly kind: "lands"; readonly from: number; readonly step: number; readonly shard: number }
  | { readonly kind: "applies"; readonly from: number; readonly command: RegisterCommand }
  | { readonly kind: "says"; readonly client: string; readonly to: number; readonly text: string }
  | {
      readonly kind: "visits";
      readonly text: string;
      readonly outcome: RegisterOutcome | undefined;
    }
  | {
      readonly kind: "happens";
      readonly at: "shard" | "register" | "clients" | number;
      readonly text: string;
    };

/** A turn, with the number of what the coordinator is after it. */
export type TurnTaken = Turn & { readonly id: number };

/** Called with everything that may happen in a state, and what comes of it; `after` is reused. */
export type RegionVisit = (
  after: RegionState,
  action: RegionAction,
  violation: Violation | undefined,
) => void;

/** One thing that happened, with the state before it. */
export interface RegionStep {
  readonly before: RegionState;
  readonly action: RegionAction;
  readonly after: RegionState;
}
