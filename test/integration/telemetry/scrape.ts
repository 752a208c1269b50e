import { setTimeout as sleep } from "node:timers/promises";

/** What one process told. */
export interface Scrape {
  readonly types: ReadonlyMap<string, string>;
  /** The labels of each instrument that has counted something, `le` left out. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
  readonly text: string;
}

const scrapeMs = 20_000;

/** Asks `http://address/metrics`; a process that starts is waited for. */
export async function scrape(address: string): Promise<Scrape> {
  const endMs = performance.now() + scrapeMs;
  for (;;) {
    try {
      return read(await (await fetch(`http://${address}/metrics`)).text());
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await sleep(100);
    }
  }
}

function read(text: string): Scrape {
  const types = new Map<string, string>();
  const labels = new Map<string, Set<string>>();
  for (const line of text.split("\n")) {
    const [, typed, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (typed !== undefined && type !== undefined) types.set(typed, type);
    const [, sample, list = ""] = /^([a-z_0-9]+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (line.startsWith("#") || sample === undefined) continue;
    const base = sample.replace(/_(bucket|sum|count)$/, "");
    const name = types.get(base) === "histogram" ? base : sample;
    const known = labels.get(name) ?? new Set();
    for (const [, label] of list.matchAll(/([a-z_]+)="/g)) {
      if (label !== undefined && label !== "le") known.add(label);
    }
    labels.set(name, known);
  }
  return { types, labels, text };
}
