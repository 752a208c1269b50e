/**
 * What a part of the platform counts, for whoever looks after it.
 *
 * Contract:
 * - Names are those of Prometheus: `holdfast_` first, the unit last, `_total` for what only rises.
 * - An instrument that is asked for again by its name is the same one; with another kind or other
 *   labels it is a bug.
 * - The values of a label are few and known when the code is written, or named by an operator
 *   (a region, a shard): never a lock, a session or a text of a client.
 * - Counting takes no time to speak of, never fails and never waits.
 */
export interface Meter {
  counter<Label extends string = never>(description: Description<Label>): Counter<Label>;
  gauge<Label extends string = never>(description: Description<Label>): Gauge<Label>;
  histogram<Label extends string = never>(
    description: Description<Label> & {
      /** Upper bounds, rising, in the unit of the name. */
      readonly buckets: readonly number[];
    },
  ): Histogram<Label>;
}

/** What an instrument is called, and what it says to somebody who meets it in a graph. */
export interface Description<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/** Something that only rises. */
export interface Counter<Label extends string = never> {
  add(count: number, labels?: Readonly<Record<Label, string>>): void;
  /** The one with these labels; for the hot path, which has no time to look it up. */
  with(labels: Readonly<Record<Label, string>>): BoundCounter;
}

/** Something that is so many right now. */
export interface Gauge<Label extends string = never> {
  set(value: number, labels?: Readonly<Record<Label, string>>): void;
  /**
   * From now on `read` says what it stands at, and is asked whenever somebody looks; the one that
   * was given last for these labels counts.
   */
  follow(read: () => number, labels?: Readonly<Record<Label, string>>): void;
}

/** How large things were. */
export interface Histogram<Label extends string = never> {
  observe(value: number, labels?: Readonly<Record<Label, string>>): void;
  /** The one with these labels; for the hot path, which has no time to look it up. */
  with(labels: Readonly<Record<Label, string>>): BoundHistogram;
}

/** A counter whose labels are chosen. */
export interface BoundCounter {
  add(count: number): void;
}

/** A histogram whose labels are chosen. */
export interface BoundHistogram {
  /** `traceId`: the trace that this was a part of, where it is kept; told as an example. */
  observe(value: number, traceId?: string): void;
}
