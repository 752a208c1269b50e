/** A drill that can be run alone. */
export interface Drill {
  readonly name: string;
  readonly about: string;
  run(settings: DrillSettings): Promise<DrillEnd>;
}

/** What can be chosen. */
export interface DrillSettings {
  /** Of drills that go on for a time. */
  readonly seconds: number | undefined;
  readonly seed: number;
  /** Of drills of faults. */
  readonly mutant: string | undefined;
  /** The form that the tests run, of those that have one. */
  readonly isShort: boolean;
}

/** How one ended, for people, and whether all was well. */
export interface DrillEnd {
  readonly lines: readonly string[];
  readonly isWell: boolean;
}
