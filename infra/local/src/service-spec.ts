import { join } from "node:path";
import { servingFlags } from "@holdfast/runtime/node-flags";
import type { Certificates } from "./certificates.ts";
import type { ProcessSpec } from "./managed-process.ts";
import { ReadyLine } from "./ready-line.ts";

/** What all services of an installation have in common. */
export interface ServiceContext {
  readonly logsDir: string;
  /** Where Node keeps what it compiled: a second start then skips stripping types and parsing. */
  readonly compileCacheDir: string;
  /** Absent: plain text is spoken. */
  readonly certificates?: Certificates | undefined;
}

/** A service has 5 s to drain; a little more lets it be late without losing what it does last. */
const SERVICE_GRACE_MS = 5_500;

/** A script of ours that says in its log when it is ready. */
export function serviceSpec(
  { logsDir, compileCacheDir, certificates }: ServiceContext,
  name: string,
  script: string,
  env: Readonly<Record<string, string>>,
  nodeFlags = servingFlags,
): ProcessSpec {
  const logPath = join(logsDir, `${name.replace(" ", "-")}.log`);
  return {
    name,
    file: process.execPath,
    args: [...nodeFlags, script],
    env: { ...tlsEnvironment(name, certificates), ...env, NODE_COMPILE_CACHE: compileCacheDir },
    logPath,
    stopGraceMs: SERVICE_GRACE_MS,
    watchReady: () => {
      const line = new ReadyLine(logPath);
      return () => line.seen();
    },
  };
}

/**
 * What a process shows and whom it believes: by the first word of its name it has its certificate.
 */
export function tlsEnvironment(
  name: string,
  certificates: Certificates | undefined,
): Record<string, string | undefined> {
  const files = certificates?.of(name.split(" ", 1)[0] ?? name);
  // What is set where we are started is about another etcd, and about other stores.
  const others = ["ETCD", "KAFKA", "REDIS", "S3"].flatMap((store) =>
    ["", "_CERT", "_KEY", "_CA"].map((part) => [`HOLDFAST_${store}_TLS${part}`, undefined]),
  );
  return {
    ...Object.fromEntries(others),
    HOLDFAST_TLS_CERT: files?.cert,
    HOLDFAST_TLS_KEY: files?.key,
    HOLDFAST_TLS_CA: files?.ca,
  };
}
