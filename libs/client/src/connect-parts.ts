import { ClientParts } from "./client-parts.ts";
import type { ClientPorts } from "./client-ports.ts";
import { errorOf } from "./holdfast-error.ts";
import {
  type ClientDefaults,
  type ClientOptions,
  defaultsOf,
  endpointsOf,
  requestTimeoutOf,
} from "./options.ts";

/** Checks the options, connects, and settles what every later call relies on. */
export async function connectParts(
  options: ClientOptions,
  ports: ClientPorts,
): Promise<{ readonly parts: ClientParts; readonly defaults: ClientDefaults }> {
  const endpoints = endpointsOf(options);
  // Before anything is opened, so that a wrong option costs no connection.
  defaultsOf(options, options.region ?? "unresolved");
  const requestTimeoutMs = requestTimeoutOf(options);
  const parts = new ClientParts(ports, endpoints, requestTimeoutMs);
  const { link } = parts.core;
  const connected = await link.connect(ports.clock.monotonicMs() + requestTimeoutMs);
  const region = options.region ?? link.firstRegion;
  if (connected && region !== undefined) return { parts, defaults: defaultsOf(options, region) };
  const { trouble } = link;
  await parts.close();
  throw errorOf(trouble);
}
