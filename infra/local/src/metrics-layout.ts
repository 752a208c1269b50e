/** Ports on which the services of one region tell what they count, and how they are. */
export interface RegionMetrics {
  readonly router: number;
  /** Used where there are global locks. */
  readonly coordinator: number;
  /** Used where there is an etcd to lay out. */
  readonly placement: number;
}

/** How many ports the metrics of a region take. */
export const METRICS_PORTS = 3;

/** They lie this far above the routers' ports: 7480 with the default 7420. */
const METRICS_OFFSET = 60;

/** The fixed ports of metrics that belong to a `--port-base`. */
export function metricsPortsFrom(portBase: number, regions: number): number[] {
  const first = portBase + METRICS_OFFSET;
  return Array.from({ length: regions * METRICS_PORTS }, (_, i) => first + i);
}

/** Gives the region with this number its part of `ports`. */
export function regionMetrics(ports: readonly number[], region: number): RegionMetrics {
  const at = region * METRICS_PORTS;
  const [router = 0, coordinator = 0, placement = 0] = ports.slice(at, at + METRICS_PORTS);
  return { router, coordinator, placement };
}

/** What says to a service where its metrics are to be. */
export function metricsEnvironment(port: number): Record<string, string> {
  return { HOLDFAST_METRICS_LISTEN: `127.0.0.1:${port}` };
}
