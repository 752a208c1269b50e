import type { Edit } from "../../sabotage/sabotage.ts";

/** A hazard of group commit that was measured against etcd, and what guards against it. */
export interface Hazard {
  /** As in the list of hazards in the design. */
  readonly number: number;
  readonly title: string;
  readonly scenarios: readonly Scenario[];
}

/** One way a hazard shows itself, played through the real engine against a real etcd. */
export interface Scenario {
  /** The outcome with all guards in place, as a sentence. */
  readonly name: string;
  /** `url`: an etcd that nobody else uses, with whatever is left of earlier scenarios. */
  readonly run: (url: string) => Promise<void>;
  readonly guards: readonly Guard[];
}

/** The line that keeps the scenario from failing, and the build without it. */
export interface Guard extends Edit {
  /** What the line does, in a few words. */
  readonly what: string;
  /** What the scenario must say in the build without the line. */
  readonly fails: string;
}
