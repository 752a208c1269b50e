import { invariant } from "@holdfast/base/invariant";
import { checkLabels, Instruments, type Labels } from "@holdfast/engine/instruments";
import type { Counter, Description, Gauge, Histogram, Meter } from "@holdfast/engine/ports/meter";
import {
  Registry,
  Counter as VendorCounter,
  Gauge as VendorGauge,
  Histogram as VendorHistogram,
} from "prom-client";

type Instrument = Counter<string> & Gauge<string> & Histogram<string>;

/** Counts for a Prometheus that comes by and asks. */
export class PrometheusMeter implements Meter {
  readonly #registry = new Registry();
  readonly #instruments = new Instruments<Partial<Instrument>>();

  /** The type of {@link PrometheusMeter.text}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  counter<Label extends string = never>(description: Description<Label>): Counter<Label> {
    return this.#instruments.of("counter", description, () => this.#counter(description));
  }

  gauge<Label extends string = never>(description: Description<Label>): Gauge<Label> {
    return this.#instruments.of("gauge", description, () => this.#gauge(description));
  }

  histogram<Label extends string = never>(
    description: Description<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label> {
    const make = () => this.#histogram(description, description.buckets);
    return this.#instruments.of("histogram", description, make);
  }

  /** All that was counted, in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(description: Description<string>): Counter<string> {
    const vendor = new VendorCounter(this.#options(description));
    const { name, labels: expected = [] } = description;
    return {
      add: (count: number, labels?: Labels) => {
        checkLabels(name, expected, labels);
        invariant(count >= 0, `${name} only rises`);
        vendor.inc({ ...labels }, count);
      },
    };
  }

  #gauge(description: Description<string>): Gauge<string> {
    const vendor = new VendorGauge(this.#options(description));
    const { name, labels: expected = [] } = description;
    return {
      set: (value: number, labels?: Labels) => {
        checkLabels(name, expected, labels);
        vendor.set({ ...labels }, value);
      },
    };
  }

  #histogram(description: Description<string>, buckets: readonly number[]): Histogram<string> {
    const vendor = new VendorHistogram({
      ...this.#options(description),
      buckets: [...buckets],
    });
    const { name, labels: expected = [] } = description;
    return {
      observe: (value: number, labels?: Labels) => {
        checkLabels(name, expected, labels);
        vendor.observe({ ...labels }, value);
      },
    };
  }

  #options({ name, help, labels = [] }: Description<string>) {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }
}
