import { invariant } from "@holdfast/base/invariant";
import { checkLabels, type Labels } from "@holdfast/engine/instruments";
import type {
  BoundCounter,
  BoundHistogram,
  Counter,
  Description,
  Gauge,
  Histogram,
} from "@holdfast/engine/ports/meter";

/** One line of what a scraper is told, as prom-client writes it. */
export interface Sample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
  readonly exemplar?: Exemplar;
}

/** A trace that a value was a part of. */
interface Exemplar {
  readonly labelSet: { readonly trace_id: string };
  readonly value: number;
  /** In seconds since 1970. */
  readonly timestamp: number;
}

/**
 * The values of one instrument, one for each set of labels.
 *
 * The vendor's own look every count up by a text made of its labels, and a histogram counts through
 * an object by its bounds: at 30,000 operations a second that is a tenth of a processor. Here what
 * is counted is a number in an array, and the texts are made when somebody looks.
 */
export abstract class Series<Value> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  abstract readonly type: "counter" | "gauge" | "histogram";
  /** How values of several processes are put together; ours are one a process. */
  readonly aggregator = "sum";
  readonly #values = new Map<string, { readonly labels: Labels; readonly value: Value }>();

  constructor({ name, help, labels = [] }: Description<string>) {
    this.name = name;
    this.help = help;
    this.labelNames = labels;
  }

  /** The value with these labels, made when it is first asked for. */
  valueOf(labels: Labels = {}): Value {
    const key = this.labelNames.map((name) => labels[name]).join("\0");
    const known = this.#values.get(key);
    if (known !== undefined && Object.keys(labels).length === this.labelNames.length) {
      return known.value;
    }
    checkLabels(this.name, this.labelNames, labels);
    const value = this.make();
    this.#values.set(key, { labels: { ...labels }, value });
    return value;
  }

  /** What the registry of the vendor asks every metric for. */
  get(): { name: string; help: string; type: string; aggregator: string; values: Sample[] } {
    const { name, help, type, aggregator } = this;
    const values = [...this.#values.values()].flatMap((each) => this.tell(each));
    return { name, help, type, aggregator, values };
  }

  protected abstract make(): Value;
  protected abstract tell(each: { readonly labels: Labels; readonly value: Value }): Sample[];
}

class Count implements BoundCounter {
  count = 0;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  add(count: number): void {
    invariant(count >= 0, `${this.#name} only rises`);
    this.count += count;
  }
}

/** See {@link Counter}. */
export class CounterSeries extends Series<Count> implements Counter<string> {
  readonly type = "counter";

  add(count: number, labels?: Labels): void {
    this.valueOf(labels).add(count);
  }

  with(labels: Labels): BoundCounter {
    return this.valueOf(labels);
  }

  protected make(): Count {
    return new Count(this.name);
  }

  protected tell({ labels, value }: { labels: Labels; value: Count }): Sample[] {
    return [{ labels, value: value.count }];
  }
}

/** See {@link Gauge}. */
export class GaugeSeries extends Series<{ read: () => number }> implements Gauge<string> {
  readonly type = "gauge";

  set(value: number, labels?: Labels): void {
    this.valueOf(labels).read = () => value;
  }

  follow(read: () => number, labels?: Labels): void {
    this.valueOf(labels).read = read;
  }

  protected make(): { read: () => number } {
    return { read: () => 0 };
  }

  protected tell({ labels, value }: { labels: Labels; value: { read(): number } }): Sample[] {
    return [{ labels, value: value.read() }];
  }
}

class Distribution implements BoundHistogram {
  /** How many there were in each bucket alone; the last is for what is above every bound. */
  readonly counts: Float64Array;
  readonly exemplars: (Exemplar | undefined)[] = [];
  sum = 0;
  readonly #bounds: readonly number[];

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number, traceId?: string): void {
    const bounds = this.#bounds;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] as number)) at++;
    this.counts[at] = (this.counts[at] as number) + 1;
    this.sum += value;
    if (traceId === undefined) return;
    const timestamp = Date.now() / 1_000;
    this.exemplars[at] = { labelSet: { trace_id: traceId }, value, timestamp };
  }
}

/** See {@link Histogram}. */
export class HistogramSeries extends Series<Distribution> implements Histogram<string> {
  readonly type = "histogram";
  readonly #bounds: readonly number[];

  constructor(description: Description<string>, bounds: readonly number[]) {
    super(description);
    this.#bounds = bounds;
  }

  observe(value: number, labels?: Labels): void {
    this.valueOf(labels).observe(value);
  }

  with(labels: Labels): BoundHistogram {
    return this.valueOf(labels);
  }

  protected make(): Distribution {
    return new Distribution(this.#bounds);
  }

  protected tell({ labels, value }: { labels: Labels; value: Distribution }): Sample[] {
    const samples: Sample[] = [];
    let upTo = 0;
    for (const [at, count] of value.counts.entries()) {
      upTo += count;
      const le = this.#bounds[at] ?? "+Inf";
      const exemplar = value.exemplars[at];
      samples.push({
        metricName: `${this.name}_bucket`,
        labels: { ...labels, le },
        value: upTo,
        ...(exemplar && { exemplar }),
      });
    }
    samples.push({ metricName: `${this.name}_sum`, labels, value: value.sum });
    samples.push({ metricName: `${this.name}_count`, labels, value: upTo });
    return samples;
  }
}
