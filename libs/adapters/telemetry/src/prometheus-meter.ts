import { Instruments } from "@holdfast/engine/instruments";
import type { Counter, Description, Gauge, Histogram, Meter } from "@holdfast/engine/ports/meter";
import {
  collectDefaultMetrics,
  type Metric,
  type OpenMetricsContentType,
  Registry,
} from "prom-client";
import { plainText } from "./plain-text.ts";
import { CounterSeries, GaugeSeries, HistogramSeries, type Series } from "./series.ts";

/** Who counts: one for each process. */
export interface MeterIdentity {
  readonly service: string;
  readonly version: string;
}

/** What a scraper is told, and the type of that text. */
export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** An instrument as whoever reads a scrape meets it. */
export interface ToldInstrument {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels: readonly string[];
}

/** Counts for a Prometheus that comes by and asks. */
export class PrometheusMeter implements Meter {
  readonly #registry = new Registry<OpenMetricsContentType>();
  readonly #instruments = new Instruments<Series<unknown>>();

  /**
   * With an identity it also tells of the process itself: memory, processor, files, the lag of the
   * event loop. For the one meter of a process that serves.
   */
  constructor(identity?: MeterIdentity) {
    this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    if (identity === undefined) return;
    collectDefaultMetrics({ register: this.#registry });
    const build = this.gauge({
      name: "holdfast_build_info",
      help: "1; which service this is, and which version of it",
      labels: ["service", "version"],
    });
    build.set(1, { service: identity.service, version: identity.version });
  }

  counter<Label extends string = never>(description: Description<Label>): Counter<Label> {
    return this.#instruments.of("counter", description, () =>
      this.#add(new CounterSeries(description)),
    );
  }

  gauge<Label extends string = never>(description: Description<Label>): Gauge<Label> {
    return this.#instruments.of("gauge", description, () =>
      this.#add(new GaugeSeries(description)),
    );
  }

  histogram<Label extends string = never>(
    description: Description<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label> {
    return this.#instruments.of("histogram", description, () =>
      this.#add(new HistogramSeries(description, description.buckets)),
    );
  }

  /**
   * All that was counted: in OpenMetrics, with the traces that are examples, for who `accept`s
   * that, else in the plain text format.
   */
  async told(accept = ""): Promise<Exposition> {
    const text = await this.#registry.metrics();
    if (accept.includes("application/openmetrics-text")) {
      return { contentType: Registry.OPENMETRICS_CONTENT_TYPE, text };
    }
    return { contentType: Registry.PROMETHEUS_CONTENT_TYPE, text: plainText(text) };
  }

  /** All that was counted, in the plain text format. */
  async text(): Promise<string> {
    return (await this.told()).text;
  }

  /** Everything that is told of, be it counted already or not. */
  instruments(): ToldInstrument[] {
    // What the vendor knows of each is the same for ours and for its own.
    const known = this.#registry.getMetricsAsArray() as unknown as VendorInstrument[];
    return known.map(({ name, type, help, labelNames = [] }) => {
      const suffix = type === "counter" && !name.endsWith("_total") ? "_total" : "";
      return { name: `${name}${suffix}`, type, help, labels: [...labelNames] };
    });
  }

  #add<S extends Series<unknown>>(series: S): S {
    // Without labels there is one value, which is told from the beginning.
    if (series.labelNames.length === 0) series.valueOf();
    // It is asked for no more than its name and what `get` answers.
    this.#registry.registerMetric(new Told(series) as unknown as Metric<string>);
    return series;
  }
}

type VendorInstrument = Omit<ToldInstrument, "labels"> & { readonly labelNames?: string[] };

/** An instrument as the registry knows it: under a name which the registry shortens. */
class Told {
  name: string;
  readonly type: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly #series: Series<unknown>;

  constructor(series: Series<unknown>) {
    this.name = series.name;
    this.type = series.type;
    this.help = series.help;
    this.labelNames = series.labelNames;
    this.#series = series;
  }

  get() {
    return { ...this.#series.get(), name: this.name };
  }
}
