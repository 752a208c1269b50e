import { invariant } from "@holdfast/base/invariant";
import { checkLabels, Instruments, type Labels } from "../instruments.ts";
import type {
  BoundCounter,
  BoundHistogram,
  Counter,
  Description,
  Gauge,
  Histogram,
  Meter,
} from "../ports/meter.ts";

/** What a histogram has seen: how many values, their sum, and how many up to each bound. */
export interface Observed {
  readonly count: number;
  readonly sum: number;
  /** By upper bound, those of the smaller bounds included. */
  readonly upTo: ReadonlyMap<number, number>;
}

/** Counts in memory, for who wants to read them: as every other meter does (test/contract). */
export class MemoryMeter implements Meter {
  readonly #instruments = new Instruments<Series>();
  readonly #series = new Map<string, Series>();

  counter<Label extends string = never>(description: Description<Label>): Counter<Label> {
    return this.#instruments.of("counter", description, () => this.#add(new Series(description)));
  }

  gauge<Label extends string = never>(description: Description<Label>): Gauge<Label> {
    return this.#instruments.of("gauge", description, () => this.#add(new Series(description)));
  }

  histogram<Label extends string = never>(
    description: Description<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label> {
    const make = () => this.#add(new Series(description, description.buckets));
    return this.#instruments.of("histogram", description, make);
  }

  /** What a counter or a gauge stands at; undefined for labels it was never counted with. */
  read(name: string, labels: Labels = {}): number | undefined {
    const series = this.#series.get(name);
    const key = keyOf(labels);
    return series?.followed.get(key)?.() ?? series?.values.get(key);
  }

  /** What a histogram has seen; undefined for labels it was never given a value with. */
  observed(name: string, labels: Labels = {}): Observed | undefined {
    const { seen, buckets } = this.#series.get(name) ?? {};
    const values = seen?.get(keyOf(labels));
    if (values === undefined || buckets === undefined) return undefined;
    const below = (bound: number): number => values.filter((value) => value <= bound).length;
    return {
      count: values.length,
      sum: values.reduce((sum, value) => sum + value, 0),
      upTo: new Map(buckets.map((bound) => [bound, below(bound)])),
    };
  }

  #add(series: Series): Series {
    this.#series.set(series.name, series);
    return series;
  }
}

/** One instrument of whatever kind, with a value for each of its labels' values. */
class Series implements Counter<string>, Gauge<string>, Histogram<string> {
  readonly name: string;
  readonly buckets: readonly number[] | undefined;
  readonly values = new Map<string, number>();
  readonly followed = new Map<string, () => number>();
  readonly seen = new Map<string, number[]>();
  readonly #labels: readonly string[];

  constructor({ name, labels = [] }: Description<string>, buckets?: readonly number[]) {
    this.name = name;
    this.buckets = buckets;
    this.#labels = labels;
    if (labels.length > 0) return;
    // Without labels there is one value, which is told from the beginning.
    if (buckets === undefined) this.values.set("", 0);
    else this.seen.set("", []);
  }

  add(count: number, labels?: Labels): void {
    checkLabels(this.name, this.#labels, labels);
    invariant(count >= 0, `${this.name} only rises`);
    const key = keyOf(labels);
    this.values.set(key, (this.values.get(key) ?? 0) + count);
  }

  set(value: number, labels?: Labels): void {
    checkLabels(this.name, this.#labels, labels);
    this.values.set(keyOf(labels), value);
  }

  follow(read: () => number, labels?: Labels): void {
    checkLabels(this.name, this.#labels, labels);
    this.followed.set(keyOf(labels), read);
  }

  with(labels: Labels): BoundCounter & BoundHistogram {
    checkLabels(this.name, this.#labels, labels);
    return {
      add: (count) => this.add(count, labels),
      observe: (value) => this.observe(value, labels),
    };
  }

  observe(value: number, labels?: Labels): void {
    checkLabels(this.name, this.#labels, labels);
    const key = keyOf(labels);
    const seen = this.seen.get(key) ?? [];
    seen.push(value);
    this.seen.set(key, seen);
  }
}

function keyOf(labels: Labels = {}): string {
  const names = Object.keys(labels).sort();
  return names.map((name) => `${name}=${JSON.stringify(labels[name])}`).join(",");
}
