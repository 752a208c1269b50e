import type { Bar } from "./bars.ts";
import type { ContenderName } from "./contenders/contender.ts";
import type { Measurement } from "./measured-load.ts";
import { median } from "./percentile.ts";

/** One flat object: dotted keys, and null for what could not be measured. */
export type Figures = Record<string, number | string | null>;

/** Every round of a contender at its best concurrency; undefined is a round that failed. */
export type Rounds = ReadonlyMap<ContenderName, readonly (Measurement | undefined)[]>;

/** The ratios, by the contender Holdfast is compared with. */
const ratios: readonly (readonly [string, ContenderName])[] = [
  ["local.share_of_ceiling", "ceiling"],
  ["local.vs_single_txn", "single_txn"],
  ["local.vs_etcd3_lock", "etcd3_lock"],
  ["local.vs_redlock", "redlock"],
  ["local.vs_postgres", "postgres"],
];

/** The round with the most pairs: what disturbs a round can only make it slower. */
export function bestOf(rounds: readonly (Measurement | undefined)[]): Measurement | undefined {
  let best: Measurement | undefined;
  for (const each of rounds) {
    if (each !== undefined && each.pairsPerS > (best?.pairsPerS ?? -1)) best = each;
  }
  return best;
}

/** Figures of each contender, and what Holdfast reaches of them. */
export function throughputFigures(rounds: Rounds): Figures {
  const figures: Figures = {};
  for (const [name, measured] of rounds) {
    const best = bestOf(measured);
    if (best === undefined) continue;
    Object.assign(figures, measurementFigures(`local.${name}`, best));
    figures[`local.${name}.rounds_pairs_per_s`] = measured
      .map((each) => (each === undefined ? "failed" : Math.round(each.pairsPerS)))
      .join(" ");
  }
  const own = rounds.get("holdfast") ?? [];
  for (const [key, name] of ratios) {
    const other = rounds.get(name) ?? [];
    const ours = bestOf(own)?.pairsPerS;
    const theirs = bestOf(other)?.pairsPerS;
    if (ours === undefined || theirs === undefined) continue;
    figures[key] = ours / theirs;
    // Round against round: what the machine's drift leaves of the ratio.
    figures[`${key}.median_of_rounds`] = median(
      own.flatMap((each, round) => {
        const opponent = other[round];
        return each === undefined || opponent === undefined
          ? []
          : [each.pairsPerS / opponent.pairsPerS];
      }),
    );
  }
  return figures;
}

/** What one run came to, under `prefix`. */
export function measurementFigures(prefix: string, run: Measurement): Figures {
  return {
    [`${prefix}.pairs_per_s`]: run.pairsPerS,
    [`${prefix}.in_flight`]: run.workers,
    [`${prefix}.acquire_p50_ms`]: run.acquire.p50Ms,
    [`${prefix}.acquire_p99_ms`]: run.acquire.p99Ms,
    [`${prefix}.client_cpu_us_per_pair`]: run.clientCpuUs,
    [`${prefix}.server_cpu_us_per_pair`]: run.serverCpuUs,
    ...Object.fromEntries(
      Object.entries(run.serverCpuUsBy ?? {}).map(([server, us]) => [
        `${prefix}.${server}_cpu_us_per_pair`,
        us,
      ]),
    ),
  };
}

/**
 * The object that is written: every figure with a bar is there, null if it was not measured; then
 * all others in order of their keys.
 */
export function completed(figures: Figures, bars: readonly Bar[]): Figures {
  const whole: Figures = {};
  for (const bar of bars) whole[bar.key] = rounded(figures[bar.key] ?? null);
  for (const key of Object.keys(figures).sort()) whole[key] = rounded(figures[key] ?? null);
  return whole;
}

/** Four digits that count: the fifth is noise. JSON has no NaN, so that is null. */
function rounded(figure: number | string | null): number | string | null {
  if (typeof figure !== "number") return figure;
  return Number.isFinite(figure) ? Number(figure.toPrecision(4)) : null;
}
