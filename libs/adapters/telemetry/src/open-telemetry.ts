import { openDoor } from "@holdfast/runtime/open-door";
import { serveTelemetry, type TelemetryOptions, type TelemetryServer } from "./serve-telemetry.ts";

/**
 * Tells a service's metrics and health where `HOLDFAST_METRICS_LISTEN` says; undefined where it is
 * not set. Rejects with a `ConfigError` where the address cannot be listened on.
 */
export async function openTelemetry(
  listen: string | undefined,
  told: Omit<TelemetryOptions, "listen">,
): Promise<TelemetryServer | undefined> {
  if (listen === undefined) return undefined;
  return openDoor("HOLDFAST_METRICS_LISTEN", listen, serveTelemetry({ listen, ...told }));
}
