import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CertificateFiles } from "./certificates.ts";
import type { Layout } from "./layout.ts";
import { type MetricsAddress, metricsAddresses } from "./metrics-addresses.ts";

/** The content of endpoints.json, where the command line tool finds a running installation. */
export interface EndpointsDocument {
  readonly cluster: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly store: "etcd" | "memory";
  /** host:port by which the record is asked; absent where there is none. */
  readonly audit?: string;
  /** What keeps the record, each with its host:port; absent where it is kept in memory. */
  readonly stores?: Readonly<Record<"kafka" | "postgres" | "redis" | "s3", string>>;
  /** Files of a client's certificate and of whom to believe; absent where plain text is spoken. */
  readonly tls?: CertificateFiles;
  /** Where each process tells what it counts (`/metrics`) and how it is (`/healthz`). */
  readonly metrics: readonly MetricsAddress[];
  readonly regions: readonly {
    readonly region: string;
    readonly endpoint: string;
    /** Its coordinator; absent where there are no global locks. */
    readonly coordinator?: string;
    readonly shards: readonly { readonly name: string; readonly endpoints: readonly string[] }[];
  }[];
}

const FILE = "endpoints.json";

export function describeEndpoints(
  layout: Layout,
  startedAt: Date,
  tls?: CertificateFiles,
): EndpointsDocument {
  return {
    cluster: layout.cluster,
    pid: process.pid,
    startedAt: startedAt.toISOString(),
    store: layout.store,
    ...recordOf(layout),
    ...(tls !== undefined && { tls }),
    metrics: metricsAddresses(layout),
    regions: layout.regions.map(({ region, endpoint, coordinator, shards }) => ({
      region,
      endpoint,
      ...(coordinator !== undefined && { coordinator }),
      shards: shards.map(({ name, endpoints }) => ({ name, endpoints })),
    })),
  };
}

function recordOf({ record }: Layout): Pick<EndpointsDocument, "audit" | "stores"> {
  if (record === undefined) return {};
  const { endpoint: audit, stores } = record;
  if (stores === undefined) return { audit };
  const at = (port: number): string => `127.0.0.1:${port}`;
  const { kafka, postgres, redis, s3 } = stores;
  const addresses = { kafka: at(kafka), postgres: at(postgres), redis: at(redis), s3: at(s3) };
  return { audit, stores: addresses };
}

/** Written in one step, when everything serves: who reads it may connect at once. */
export function writeEndpoints(dataDir: string, document: EndpointsDocument): void {
  const draft = join(dataDir, `${FILE}.${process.pid}`);
  writeFileSync(draft, `${JSON.stringify(document, undefined, 2)}\n`);
  renameSync(draft, join(dataDir, FILE));
}

export function removeEndpoints(dataDir: string): void {
  rmSync(join(dataDir, FILE), { force: true });
}

/** Endpoints of the installation that runs from this directory; none when that is not known. */
export function readEndpoints(dataDir: string): string[] {
  try {
    const document = JSON.parse(readFileSync(join(dataDir, FILE), "utf8")) as EndpointsDocument;
    return document.regions.map((region) => region.endpoint);
  } catch {
    return [];
  }
}
