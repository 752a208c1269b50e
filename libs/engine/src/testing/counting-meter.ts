import type { Counter, Description, Gauge, Histogram, Meter } from "../ports/meter.ts";

/** Keeps what is counted, for tests. */
export class CountingMeter implements Meter {
  readonly #values = new Map<string, number>();

  counter<Label extends string = never>({ name }: Description<Label>): Counter<Label> {
    return {
      add: (count, labels) => {
        const key = keyOf(name, labels);
        this.#values.set(key, (this.#values.get(key) ?? 0) + count);
      },
    };
  }

  gauge<Label extends string = never>({ name }: Description<Label>): Gauge<Label> {
    return { set: (value, labels) => void this.#values.set(keyOf(name, labels), value) };
  }

  histogram<Label extends string = never>(_description: Description<Label>): Histogram<Label> {
    return { observe: () => {} };
  }

  /** 0 for what was never counted. */
  read(name: string, labels: Readonly<Record<string, string>> = { shard: "s0" }): number {
    return this.#values.get(keyOf(name, labels)) ?? 0;
  }
}

function keyOf(name: string, labels: Readonly<Record<string, string>> = {}): string {
  return `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
}
