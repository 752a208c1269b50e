import type { Layout } from "./layout.ts";

/** One process that tells of itself at `http://<address>/metrics`. */
export interface MetricsAddress {
  readonly service: string;
  /** Absent where it serves all of them. */
  readonly region?: string;
  /** host:port. */
  readonly address: string;
}

/** Every process that tells of itself, for whoever comes by to ask. */
export function metricsAddresses({ store, regions, record }: Layout): MetricsAddress[] {
  const stores = record?.stores;
  return [
    ...regions.flatMap(({ region, coordinator, metrics }, r) => [
      at("router", metrics.router, region),
      ...(coordinator === undefined ? [] : [at("coordinator", metrics.coordinator, region)]),
      ...(store === "memory" ? [] : [at("placement", metrics.placement, region)]),
      ...(stores === undefined ? [] : [at("journal", stores.journalMetrics[r] ?? 0, region)]),
    ]),
    ...(stores === undefined ? [] : [at("auditor", stores.auditorMetrics)]),
    ...(stores === undefined ? [] : [at("archiver", stores.archiverMetrics)]),
    ...(record?.metrics === undefined ? [] : [at("recorder", record.metrics)]),
  ];
}

function at(service: string, port: number, region?: string): MetricsAddress {
  return { service, ...(region !== undefined && { region }), address: `127.0.0.1:${port}` };
}
