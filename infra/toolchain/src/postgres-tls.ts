import { chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { UnixUser } from "./run-command.ts";
import type { ServerTls } from "./server-tls.ts";

/** Whom a Postgres lets in, and what it shows. */
export interface PostgresDoor {
  readonly tls?: ServerTls | undefined;
  /** Absent: nobody is asked for one. */
  readonly password?: string | undefined;
}

/**
 * Settings of a Postgres that lets nobody in without a certificate of the CA. It reads copies of
 * the files in `dataDir`: it believes no key that others may read, and who it runs as (`runAs`) may
 * not get to where the files lie.
 */
export function secured(
  dataDir: string,
  { tls, password }: PostgresDoor,
  runAs: UnixUser | undefined,
): Record<string, string> {
  if (tls === undefined) return {};
  const folder = join(dataDir, "tls");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { mode: 0o700 });
  if (runAs !== undefined) chownSync(folder, runAs.uid, runAs.gid);
  const write = (name: string, content: string | Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    if (runAs !== undefined) chownSync(path, runAs.uid, runAs.gid);
    return path;
  };
  const asked = password === undefined ? "trust" : "scram-sha-256";
  return {
    ssl: "on",
    ssl_cert_file: write("cert.pem", readFileSync(tls.cert)),
    ssl_key_file: write("key.pem", readFileSync(tls.key)),
    ssl_ca_file: write("ca.pem", readFileSync(tls.ca)),
    hba_file: write("pg_hba.conf", `hostssl all all 127.0.0.1/32 ${asked} clientcert=verify-ca\n`),
  };
}
