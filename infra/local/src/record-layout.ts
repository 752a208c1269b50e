import { loopbackUrl } from "@holdfast/toolchain/etcd-command";
import type { NeededPort } from "./port-conflict.ts";

/** Where the record of what happened is kept, and where it is asked. */
export interface RecordLayout {
  /** host:port of the API by which it is asked. */
  readonly endpoint: string;
  /** Port of the metrics of that one process; absent where there are stores. */
  readonly metrics?: number;
  /** The stores it is kept in for good; absent: one process keeps the last of it in memory. */
  readonly stores?: StorePorts;
}

/** Ports of the stores, and of the metrics of what fills them. */
export interface StorePorts {
  readonly kafka: number;
  /** Of the broker's own controller. */
  readonly kafkaController: number;
  readonly postgres: number;
  readonly redis: number;
  readonly s3: number;
  readonly auditorMetrics: number;
  readonly archiverMetrics: number;
  /** One for each region. */
  readonly journalMetrics: readonly number[];
}

/** The names of S3 and Postgres that do not change between starts. */
export const BUCKET = "holdfast-audit";

/** How many ports the record takes. */
export function recordPortCount(audit: boolean, regions: number): number {
  return audit ? 8 + regions : 2;
}

/** The record's ports lie this far above the routers': 7440 with the default 7420. */
const RECORD_OFFSET = 20;

/** The fixed ports of the record that belong to a `--port-base`. */
export function recordPortsFrom(portBase: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => portBase + RECORD_OFFSET + i);
}

/** Gives out `ports`, of which there are {@link recordPortCount}. */
export function planRecord(audit: boolean, ports: readonly number[]): RecordLayout {
  const [api = 0, ...others] = ports;
  const endpoint = `127.0.0.1:${api}`;
  if (!audit) return { endpoint, metrics: others[0] ?? 0 };
  const [kafka = 0, kafkaController = 0, postgres = 0, redis = 0, s3 = 0, ...metrics] = others;
  const [auditorMetrics = 0, archiverMetrics = 0, ...journalMetrics] = metrics;
  return {
    endpoint,
    stores: {
      ...{ kafka, kafkaController, postgres, redis, s3 },
      ...{ auditorMetrics, archiverMetrics, journalMetrics },
    },
  };
}

/** How the stores are reached: part of the environment of every service that uses one. */
export function storeEnvironment(stores: StorePorts) {
  return {
    HOLDFAST_KAFKA: `127.0.0.1:${stores.kafka}`,
    HOLDFAST_POSTGRES: `postgres://holdfast@127.0.0.1:${stores.postgres}/postgres`,
    HOLDFAST_REDIS: `redis://127.0.0.1:${stores.redis}`,
    HOLDFAST_S3_ENDPOINT: loopbackUrl(stores.s3),
    HOLDFAST_S3_BUCKET: BUCKET,
  };
}

/** The ports of the record and what each is for. */
export function recordPorts({ endpoint, metrics, stores }: RecordLayout): NeededPort[] {
  const port = Number(endpoint.slice(endpoint.lastIndexOf(":") + 1));
  const named: readonly (readonly [number, string])[] =
    stores === undefined
      ? [
          [port, "record"],
          [metrics ?? 0, "record's metrics"],
        ]
      : [
          [port, "record"],
          [stores.kafka, "kafka"],
          [stores.kafkaController, "kafka controller"],
          [stores.postgres, "postgres"],
          [stores.redis, "redis"],
          [stores.s3, "s3"],
          [stores.auditorMetrics, "auditor's metrics"],
          [stores.archiverMetrics, "archiver's metrics"],
          ...stores.journalMetrics.map((each) => [each, "journal's metrics"] as const),
        ];
  return named.map(([port, purpose]) => ({ port, purpose, fixedByData: false }));
}
