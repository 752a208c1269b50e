import { loopbackUrl } from "@holdfast/toolchain/etcd-command";
import type { CertificateFiles } from "./certificates.ts";
import type { NeededPort } from "./port-conflict.ts";

/** Where the record of what happened is kept, and where it is asked. */
export interface RecordLayout {
  /** host:port of the API by which it is asked. */
  readonly endpoint: string;
  /** Port of the metrics of that one process; absent where there are stores. */
  readonly metrics?: number;
  /** The stores it is kept in for good; absent: one process keeps the last of it in memory. */
  readonly stores?: StoreLayout;
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

/** The stores as they are reached. */
export interface StoreLayout extends StorePorts {
  /** They speak nothing but TLS. */
  readonly tls: boolean;
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
export function planRecord(
  { audit, tls }: { readonly audit: boolean; readonly tls: boolean },
  ports: readonly number[],
): RecordLayout {
  const [api = 0, ...others] = ports;
  const endpoint = `127.0.0.1:${api}`;
  if (!audit) return { endpoint, metrics: others[0] ?? 0 };
  const [kafka = 0, kafkaController = 0, postgres = 0, redis = 0, s3 = 0, ...metrics] = others;
  const [auditorMetrics = 0, archiverMetrics = 0, ...journalMetrics] = metrics;
  return {
    endpoint,
    stores: {
      ...{ kafka, kafkaController, postgres, redis, s3 },
      ...{ auditorMetrics, archiverMetrics, journalMetrics, tls },
    },
  };
}

type Environment = Readonly<Record<string, string>>;

/** How Kafka and Redis are reached; both are shown the certificate a service has anyway. */
export function kafkaEnvironment({ kafka, tls }: StoreLayout): Environment {
  return { HOLDFAST_KAFKA: `127.0.0.1:${kafka}`, ...(tls && { HOLDFAST_KAFKA_TLS: "on" }) };
}

/** See {@link kafkaEnvironment}. */
export function redisEnvironment({ redis, tls }: StoreLayout): Environment {
  return { HOLDFAST_REDIS: `${tls ? "rediss" : "redis"}://127.0.0.1:${redis}` };
}

/** How Postgres is reached, and with which certificate where it speaks TLS. */
export function postgresEnvironment(
  { postgres }: StoreLayout,
  files: CertificateFiles | undefined,
): Environment {
  const url = `postgres://holdfast@127.0.0.1:${postgres}/postgres`;
  if (files === undefined) return { HOLDFAST_POSTGRES: url };
  const { cert, key, ca } = files;
  const named = { sslrootcert: ca, sslcert: cert, sslkey: key };
  const query = Object.entries(named).map(([name, path]) => `&${name}=${encodeURIComponent(path)}`);
  return { HOLDFAST_POSTGRES: `${url}?sslmode=verify-full${query.join("")}` };
}

/** How the bucket is reached; S3 knows its clients by their keys, and asks for no certificate. */
export function bucketEnvironment(
  { s3 }: StoreLayout,
  files: CertificateFiles | undefined,
): Environment {
  return {
    HOLDFAST_S3_ENDPOINT: loopbackUrl(s3, files !== undefined),
    HOLDFAST_S3_BUCKET: BUCKET,
    ...(files !== undefined && { HOLDFAST_S3_TLS_CA: files.ca }),
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
