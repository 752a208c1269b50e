import { type DestinationStream, destination, type Logger, pino } from "pino";
import { ecsFields } from "./ecs-fields.ts";
import { traceFields } from "./trace-scope.ts";
import { version } from "./version.ts";

/** What a service says about itself in every line. */
export interface LogIdentity {
  readonly service: string;
  readonly region: string;
  readonly level: string;
}

/**
 * The log of a service: one ECS object a line (Elastic Common Schema 8), on standard output unless
 * `to` is another place. What a call names in our own words is named here as the schema
 * has it, see {@link ecsFields}. What is written in a step of a trace names both.
 */
export function makeLog(
  { service, region, level }: LogIdentity,
  to: DestinationStream = standardOutput(),
): Logger {
  const options = {
    level,
    base: {
      "ecs.version": "8.11",
      "service.name": service,
      "service.version": version,
      "cloud.region": region,
      "process.pid": process.pid,
    },
    messageKey: "message",
    timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
    mixin: traceFields,
    formatters: { level: (label: string) => ({ "log.level": label }), log: ecsFields },
  };
  return pino(options, to);
}

/** A line is written when the call returns: the last ones before an end are there, in order. */
function standardOutput(): DestinationStream {
  return destination({ dest: process.stdout.fd, sync: true });
}

export type { Logger } from "pino";
