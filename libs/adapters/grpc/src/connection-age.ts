import type { Random } from "@holdfast/base/random";
import { limits } from "@holdfast/core/limits";

/**
 * How long clients keep their connections. Behind a load balancer that places connections, those of
 * long-lived clients would otherwise stay with the routers that were there first, for ever.
 */
export interface ConnectionAge {
  /** From 1 s on; each stream gets its own, up to a tenth shorter or longer. */
  readonly ageMs: number;
  /** Clients that came together must not return together. */
  readonly random: Random;
  /** What is open on a connection that was told to end may go on for so long. */
  readonly graceMs?: number;
}

/** After how long a stream is told to connect again. */
export function streamAgeMs({ ageMs, random }: ConnectionAge): number {
  return ageMs * (0.9 + 0.2 * random.next());
}

/**
 * For what is on a connection besides such streams (single calls, watches): HTTP/2's own GOAWAY. It
 * comes a quarter later, when a client that listens to its stream has long gone.
 */
export function connectionAgeOptions(age: ConnectionAge | undefined) {
  if (age === undefined) return {};
  return {
    "grpc.max_connection_age_ms": Math.round(age.ageMs * 1.25),
    "grpc.max_connection_age_grace_ms": Math.round(age.graceMs ?? graceMs(age)),
  };
}

/**
 * A stream that began just before is told at its own age, and waits until its longest wait is over:
 * nothing of anybody who keeps to the rules is ever cut.
 */
function graceMs({ ageMs }: ConnectionAge): number {
  return ageMs * 1.25 + limits.waitMsMax;
}
