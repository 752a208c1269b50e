import { invariant } from "@holdfast/base/invariant";
import type { Description } from "./ports/meter.ts";

/** What a {@link Meter} counts with. */
export type InstrumentKind = "counter" | "gauge" | "histogram";

/** What an instrument is asked for with. */
export type InstrumentOptions = Description<string> & { readonly buckets?: readonly number[] };

/** Values of labels by their names. */
export type Labels = Readonly<Record<string, string>>;

/** The instruments of one meter, each made when it is first asked for, as the port has it. */
export class Instruments<Instrument> {
  readonly #made = new Map<string, { readonly shape: string; readonly instrument: Instrument }>();

  /** The one of this name; another kind, other labels or other buckets under it are a bug. */
  of<Made extends Instrument>(
    kind: InstrumentKind,
    options: InstrumentOptions,
    make: () => Made,
  ): Made {
    const { name, labels = [], buckets = [] } = options;
    const shape = `${kind} of ${[...labels].sort().join(", ")} in ${buckets.join(", ")}`;
    const before = this.#made.get(name);
    if (before !== undefined) {
      invariant(before.shape === shape, `${name} is a ${before.shape}, not a ${shape}`);
      // The same shape was made by the same method.
      return before.instrument as Made;
    }
    check(kind, options);
    const instrument = make();
    this.#made.set(name, { shape, instrument });
    return instrument;
  }
}

/** A count without all of its labels, or with others, would stand where nobody looks. */
export function checkLabels(name: string, expected: readonly string[], given: Labels = {}): void {
  const isWhole = expected.every((label) => given[label] !== undefined);
  invariant(
    isWhole && Object.keys(given).length === expected.length,
    `${name} is counted by ${expected.join(", ") || "nothing"}`,
  );
}

function check(kind: InstrumentKind, options: InstrumentOptions): void {
  const { name, help, labels = [], buckets = [] } = options;
  invariant(/^holdfast(_[a-z0-9]+)+$/.test(name), `${name} is the name of an instrument`);
  invariant(help !== "", `${name} is explained`);
  invariant(name.endsWith("_total") === (kind === "counter"), `${name} is no ${kind}`);
  invariant(
    labels.every((label) => /^[a-z]+(_[a-z]+)*$/.test(label) && label !== "le"),
    `${name} has labels with names`,
  );
  invariant(
    buckets.every((bound, index) => index === 0 || bound > (buckets[index - 1] ?? bound)),
    `the buckets of ${name} rise`,
  );
  invariant(kind !== "histogram" || buckets.length > 0, `${name} has buckets`);
}
