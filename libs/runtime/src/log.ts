import { type Logger, pino } from "pino";

/** What a service says about itself in every line. */
export interface LogIdentity {
  readonly service: string;
  readonly region: string;
  readonly level: string;
}

/** The log of a service: one ECS object a line on standard output (Elastic Common Schema 8). */
export function makeLog({ service, region, level }: LogIdentity): Logger {
  return pino({
    level,
    base: {
      "ecs.version": "8.11",
      "service.name": service,
      "cloud.region": region,
      "process.pid": process.pid,
    },
    messageKey: "message",
    timestamp: () => `,"@timestamp":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ "log.level": label }) },
  });
}

export type { Logger } from "pino";
