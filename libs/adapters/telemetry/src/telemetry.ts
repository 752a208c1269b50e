import type { Tracer } from "@holdfast/base/tracer";
import type { OnFault } from "@holdfast/engine/metrics/fault-report";
import type { Meter } from "@holdfast/engine/ports/meter";
import { silentMeter } from "@holdfast/engine/silent-meter";
import type { TracesConfig } from "@holdfast/runtime/environment";
import type { Logger } from "@holdfast/runtime/log";
import type { ServiceTls } from "@holdfast/runtime/open-tls";
import { version } from "@holdfast/runtime/version";
import { tellCertificates } from "./certificate-metrics.ts";
import { logFaults } from "./log-faults.ts";
import { openTelemetry } from "./open-telemetry.ts";
import type { OtlpTracer } from "./otlp-tracer.ts";
import { PrometheusMeter } from "./prometheus-meter.ts";
import type { TelemetryOptions } from "./serve-telemetry.ts";

/** What of a service's configuration is about what it tells of itself. */
export interface TelemetryConfig {
  readonly metricsListen?: string | undefined;
  readonly traces?: TracesConfig | undefined;
  readonly region?: string | undefined;
}

/** How a service fares, whenever somebody asks; see {@link TelemetryOptions}. */
export type Standing = Pick<TelemetryOptions, "trouble" | "ready">;

/** Everything that a process tells of itself to machines: what it counts, and what it traces. */
export interface Telemetry {
  readonly meter: Meter;
  /** Absent: nothing is traced, and nothing is asked. */
  readonly tracer: Tracer | undefined;
  /** Logs a request for whose failure the platform is to blame. */
  readonly onFault: OnFault;
  /** From now on this says how the service fares; until it is called, it is starting. */
  follow(standing: Standing): void;
  close(): Promise<void>;
}

/**
 * Begins to tell, where the configuration says so; what is not asked for is not loaded, and counts
 * nothing. `starting`: what it waits for, for people. Rejects with a `ConfigError` where the
 * address of the metrics cannot be listened on.
 */
export async function startTelemetry(
  config: TelemetryConfig,
  service: string,
  log: Logger,
  tls?: ServiceTls,
  starting = "starting",
): Promise<Telemetry> {
  const { metricsListen } = config;
  let standing: Standing = { trouble: () => starting };
  const trouble = () => standing.trouble();
  const ready = () => standing.ready?.() ?? trouble() === undefined;
  const meter = metricsListen === undefined ? undefined : new PrometheusMeter({ service, version });
  const server =
    meter && (await openTelemetry(metricsListen, { meter, trouble, ready, tls: tls?.door }));
  tellCertificates(meter ?? silentMeter, tls);
  const tracer = await startTracer(config, service, log, tls);
  return {
    meter: meter ?? silentMeter,
    tracer,
    onFault: logFaults(log),
    follow: (now) => {
      standing = now;
    },
    close: async () => {
      await tracer?.close();
      await server?.close();
    },
  };
}

async function startTracer(
  { traces, region }: TelemetryConfig,
  service: string,
  log: Logger,
  tls: ServiceTls | undefined,
): Promise<OtlpTracer | undefined> {
  if (traces === undefined) return undefined;
  // The vendor's code takes 10 MB and a second to start: for those who want it.
  const { OtlpTracer } = await import("./otlp-tracer.ts");
  const onTrouble = (message: string | undefined): void => {
    const action = { "event.action": message === undefined ? "traces-resumed" : "traces-lost" };
    if (message === undefined) log.info(action, "traces are told again");
    else log.warn(action, `the collector of traces at ${traces.endpoint} takes none: ${message}`);
  };
  return new OtlpTracer({ ...traces, tls: tls?.traces, service, version, region, onTrouble });
}
