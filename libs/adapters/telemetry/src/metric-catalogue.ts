import { SystemClock } from "@holdfast/base/clock";
import { SystemRandom } from "@holdfast/base/random";
import { archiverCounts } from "@holdfast/engine/archiver/archiver-counts";
import { AttemptStream } from "@holdfast/engine/attempts/attempt-stream";
import { AuditorCounts } from "@holdfast/engine/auditor/auditor-counts";
import { CacheAside } from "@holdfast/engine/cache-aside";
import { CacheBreaker } from "@holdfast/engine/cache-breaker";
import { CacheKeeper } from "@holdfast/engine/cache-keeper";
import { journalMetrics } from "@holdfast/engine/journal/journal-metrics";
import { MemoryCache } from "@holdfast/engine/memory/memory-cache";
import { MemoryEventLog } from "@holdfast/engine/memory/memory-event-log";
import { MemoryShardStore } from "@holdfast/engine/memory/memory-shard-store";
import { makeMeasuredShard } from "@holdfast/engine/metrics/measured-shard";
import { MeasuredTier } from "@holdfast/engine/metrics/measured-tier";
import { countRounds, followQuorum, timeRoundTrips } from "@holdfast/engine/metrics/quorum-metrics";
import { followRegion, followStreams } from "@holdfast/engine/metrics/region-metrics";
import type { Meter } from "@holdfast/engine/ports/meter";
import { tellCertificates } from "./certificate-metrics.ts";
import { PrometheusMeter, type ToldInstrument } from "./prometheus-meter.ts";

/** One instrument, and who tells of it. */
export interface CataloguedMetric extends ToldInstrument {
  readonly services: readonly string[];
}

const clock = new SystemClock();
const surroundings = { clock, random: new SystemRandom() };

/** What each service counts with; test/integration/telemetry holds it against running ones. */
const services: Readonly<Record<string, readonly ((meter: Meter) => unknown)[]>> = {
  router: [ofShard, ofTier, ofRegion, ofCachedReads, ofAttempts],
  coordinator: [ofShard, ofTier, ofRegion, ofQuorum],
  placement: [ofShard],
  journal: [journalMetrics, ofCacheKeeper],
  auditor: [(meter) => new AuditorCounts(meter)],
  archiver: [archiverCounts],
  recorder: [journalMetrics, (meter) => new AuditorCounts(meter)],
};

/** Every instrument of every service, by its name. */
export function metricCatalogue(): CataloguedMetric[] {
  const catalogue = new Map<string, CataloguedMetric>();
  for (const [service, parts] of Object.entries(services)) {
    const meter = new PrometheusMeter({ service, version: "" });
    tellCertificates(meter);
    for (const part of parts) part(meter);
    for (const told of meter.instruments()) {
      const before = catalogue.get(told.name)?.services ?? [];
      catalogue.set(told.name, { ...told, services: [...before, service] });
    }
  }
  return [...catalogue.values()].sort((one, two) => (one.name < two.name ? -1 : 1));
}

function ofShard(meter: Meter): void {
  makeMeasuredShard("", "", new MemoryShardStore(surroundings), surroundings, { meter });
}

function ofTier(meter: Meter): void {
  new MeasuredTier(nobody(), meter, clock);
}

function ofRegion(meter: Meter): void {
  followRegion(meter, nobody(), [], () => 0);
  followStreams(meter, () => 0);
}

function ofCachedReads(meter: Meter): void {
  new CacheAside(new CacheBreaker(new MemoryCache(clock), clock, meter), surroundings, meter);
}

function ofAttempts(meter: Meter): void {
  const log = new MemoryEventLog(clock);
  new AttemptStream({ log, clock, meter, router: "", region: "", onTrouble: () => {} });
}

function ofCacheKeeper(meter: Meter): void {
  const cache = new MemoryCache(clock);
  new CacheKeeper({ cluster: "", region: "", shard: "", cache, clock, meter });
}

function ofQuorum(meter: Meter): void {
  countRounds(meter);
  timeRoundTrips(meter);
  followQuorum(meter, { region: "", mayVote: () => false }, [], () => 0);
}

/** Stands for what is asked only when something is counted. */
function nobody<Part>(): Part {
  return undefined as Part;
}
