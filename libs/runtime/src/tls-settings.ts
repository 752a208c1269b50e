import type { TlsFiles } from "@holdfast/base/tls/material";
import { z } from "zod";
import { readEnvironment } from "./environment.ts";
import { isOnThisMachine, plaintextTo } from "./plaintext-to.ts";
import { ConfigError } from "./service.ts";

/** Where the certificates of a service lie; undefined: it speaks plain text there. */
export interface TlsConfig {
  /** What it shows to everybody, and whose certificates it believes. */
  readonly service: TlsFiles | undefined;
  /** What it shows to etcd at `https://`, and to Kafka. */
  readonly etcd: TlsFiles | undefined;
  readonly kafka: TlsFiles | undefined;
  /** The same towards Redis at `rediss://`. */
  readonly redis: TlsFiles | undefined;
  /** Towards S3 and the collector of traces at `https://`; undefined: the system's authorities. */
  readonly s3: TlsFiles | undefined;
  readonly traces: TlsFiles | undefined;
}

const path = z.string().min(1).optional();

const schema = z.object({
  ...{ HOLDFAST_TLS_CERT: path, HOLDFAST_TLS_KEY: path, HOLDFAST_TLS_CA: path },
  ...{ HOLDFAST_ETCD_TLS_CERT: path, HOLDFAST_ETCD_TLS_KEY: path, HOLDFAST_ETCD_TLS_CA: path },
  ...{ HOLDFAST_KAFKA_TLS_CERT: path, HOLDFAST_KAFKA_TLS_KEY: path, HOLDFAST_KAFKA_TLS_CA: path },
  HOLDFAST_KAFKA_TLS: z.enum(["on", "off"]).default("off"),
  ...{ HOLDFAST_REDIS_TLS_CERT: path, HOLDFAST_REDIS_TLS_KEY: path, HOLDFAST_REDIS_TLS_CA: path },
  ...{ HOLDFAST_S3_TLS_CERT: path, HOLDFAST_S3_TLS_KEY: path, HOLDFAST_S3_TLS_CA: path },
  HOLDFAST_TRACES_TLS_CERT: path,
  HOLDFAST_TRACES_TLS_KEY: path,
  HOLDFAST_TRACES_TLS_CA: path,
  // Whether these speak TLS is said by their scheme.
  ...{ HOLDFAST_REDIS: path, HOLDFAST_S3_ENDPOINT: path, HOLDFAST_TRACES_ENDPOINT: path },
  HOLDFAST_PLAINTEXT: z.enum(["allow"]).optional(),
});

/**
 * The files of certificates that the environment names. `listens`: the settings by which the
 * service is reached and their addresses. Throws ConfigError where files are missing, and where the
 * service would be reached from other machines in plain text, or reach them, and nobody said that
 * this is meant.
 */
export function readTlsConfig(
  from: NodeJS.ProcessEnv,
  listens: Readonly<Record<string, string | undefined>> = {},
): TlsConfig {
  const set = readEnvironment(schema, from);
  const service = threeFiles(set, "HOLDFAST_TLS");
  if (set.HOLDFAST_PLAINTEXT === undefined) {
    if (service === undefined) refusePlaintextAt(listens);
    refusePlaintextTo(from, service !== undefined);
  }
  const kafka = threeFiles(set, "HOLDFAST_KAFKA_TLS") ?? service;
  if (set.HOLDFAST_KAFKA_TLS === "on" && kafka === undefined) {
    throw new ConfigError(
      "HOLDFAST_KAFKA_TLS=on needs certificates: set HOLDFAST_KAFKA_TLS_CERT, _KEY and _CA, " +
        "or HOLDFAST_TLS_CERT, _KEY and _CA.",
    );
  }
  return {
    service,
    etcd: threeFiles(set, "HOLDFAST_ETCD_TLS") ?? service,
    kafka: set.HOLDFAST_KAFKA_TLS === "on" ? kafka : undefined,
    redis: filesByCa(set, "HOLDFAST_REDIS", "HOLDFAST_REDIS_TLS", service) ?? service,
    s3: filesByCa(set, "HOLDFAST_S3_ENDPOINT", "HOLDFAST_S3_TLS", service),
    traces: filesByCa(set, "HOLDFAST_TRACES_ENDPOINT", "HOLDFAST_TRACES_TLS", service),
  };
}

/** A CA alone does: what is shown is the service's own certificate then, where it is asked for. */
function filesByCa(
  set: z.output<typeof schema>,
  address: "HOLDFAST_REDIS" | "HOLDFAST_S3_ENDPOINT" | "HOLDFAST_TRACES_ENDPOINT",
  name: "HOLDFAST_REDIS_TLS" | "HOLDFAST_S3_TLS" | "HOLDFAST_TRACES_TLS",
  service: TlsFiles | undefined,
): TlsFiles | undefined {
  const [cert, key, ca] = [set[`${name}_CERT`], set[`${name}_KEY`], set[`${name}_CA`]];
  if ((cert === undefined) !== (key === undefined) || (cert !== undefined && ca === undefined)) {
    throw new ConfigError(`${name}_CERT and ${name}_KEY go together, and with ${name}_CA.`);
  }
  if (ca === undefined) return undefined;
  const scheme = /^(redis|http):/.exec(set[address] ?? "")?.[1];
  // Whoever names a CA believes that nobody else is spoken to.
  if (scheme !== undefined) {
    throw new ConfigError(
      `${name}_CA is set, and ${address} is in plain text: begin it with ${scheme}s://, or take ${name}_CA away.`,
    );
  }
  return cert === undefined || key === undefined ? { ...service, ca } : { cert, key, ca };
}

type Named = "HOLDFAST_TLS" | "HOLDFAST_ETCD_TLS" | "HOLDFAST_KAFKA_TLS";

/**
 * All three or none: a certificate without its key, or without whom to believe, secures nothing.
 */
function threeFiles(set: z.output<typeof schema>, name: Named): TlsFiles | undefined {
  const [cert, key, ca] = [set[`${name}_CERT`], set[`${name}_KEY`], set[`${name}_CA`]];
  if (cert !== undefined && key !== undefined && ca !== undefined) return { cert, key, ca };
  if (cert === undefined && key === undefined && ca === undefined) return undefined;
  throw new ConfigError(`${name}_CERT, ${name}_KEY and ${name}_CA go together: set all three.`);
}

function refusePlaintextAt(listens: Readonly<Record<string, string | undefined>>): void {
  for (const [setting, address] of Object.entries(listens)) {
    if (address === undefined || isOnThisMachine(address)) continue;
    throw new ConfigError(
      `${setting} ${address} can be reached from other machines, and there is no certificate: ` +
        "set HOLDFAST_TLS_CERT, HOLDFAST_TLS_KEY and HOLDFAST_TLS_CA, or HOLDFAST_PLAINTEXT=allow " +
        "where everybody on the network may take and break every lock.",
    );
  }
}

function refusePlaintextTo(from: NodeJS.ProcessEnv, hasCertificates: boolean): void {
  const found = plaintextTo(from, hasCertificates);
  if (found === undefined) return;
  const { setting, address, remedy } = found;
  throw new ConfigError(
    `${setting} names ${address}, which would be spoken to in plain text over the network: ` +
      `${remedy}, or set HOLDFAST_PLAINTEXT=allow where everybody there may read and change it.`,
  );
}
