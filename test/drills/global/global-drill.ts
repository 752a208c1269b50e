import type { HistoryEvent } from "../../history/history-event.ts";
import type { Tenure } from "../../history/tenure.ts";
import type { WanPlatform } from "../../wan/wan-platform.ts";
import type { Cast, Part } from "./cast.ts";
import type { Fault } from "./fault.ts";

/** What a drill has to work with once its clients run. */
export interface Scene {
  readonly platform: WanPlatform;
  readonly cast: Cast;
  /** Ms on the run's clock. */
  readonly now: () => number;
  /** One sentence for each thing that went wrong on the way. */
  readonly problems: string[];
}

/** What a drill looks at beyond what is checked of all of them. */
export interface Aftermath {
  readonly events: readonly HistoryEvent[];
  readonly tenures: readonly Tenure[];
  readonly startMs: number;
  readonly untilMs: number;
}

/** What a drill found beyond what is checked of all of them. */
export interface Findings {
  readonly problems: readonly string[];
  /** By key, with the unit last: "gap_elsewhere_ms". */
  readonly figures: Readonly<Record<string, number>>;
}

/** A drill of the global tier. */
export interface GlobalDrill {
  readonly name: string;
  readonly about: string;
  /** Of the form that `npm test` runs: every fault once. */
  readonly shortSeconds: number;
  /** Of the form by hand. */
  readonly seconds: number;
  /** Answered operations a second in the slowest stretch, below which a run proves nothing. */
  readonly perSecondMin: number;
  /** Grants a second over the whole run, below which it proves nothing; 1 if left out. */
  readonly grantsPerSecondMin?: number;
  /** Share of the operations that must have overlapped a fault; 0.3 if left out. */
  readonly overlapMin?: number;
  /** Locks that regions gave out by delegation, below which it proves nothing; 1 if left out. */
  readonly delegatedMin?: number;
  /** Shards of each region; 1 if left out. */
  readonly shards?: number;
  /** Its faults replace routers and coordinators. */
  readonly replaceable?: boolean;
  /** Loaded into every process of clients. */
  readonly clientPreloads?: readonly URL[];
  parts(platform: WanPlatform, isShort: boolean): readonly Part[];
  faults(scene: Scene, seconds: number): readonly Fault[];
  look?(aftermath: Aftermath): Findings;
}
