import type { ServerSpec } from "./server-process.ts";

/** As services that no lock waits for run with; 0 is what everything else has, 19 the lowest. */
const niceness = 10;

/**
 * The same server with a lower priority than other processes: on one machine with them all, what
 * keeps the record is not to take a processor from what serves locks. By `nice`, as POSIX has it,
 * so that no thread is started before it holds.
 */
export function yielding(spec: ServerSpec, yields = true): ServerSpec {
  if (!yields) return spec;
  return { ...spec, file: "nice", args: ["-n", String(niceness), spec.file, ...spec.args] };
}
