import type { Meter } from "./ports/meter.ts";

const nothing = (): void => {};
const bound = { add: nothing, observe: nothing };
const instrument = { ...bound, set: nothing, follow: nothing, with: () => bound };

/** Counts nothing, where nobody is to be told. */
export const silentMeter: Meter = {
  counter: () => instrument,
  gauge: () => instrument,
  histogram: () => instrument,
};
