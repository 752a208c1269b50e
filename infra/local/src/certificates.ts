import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyPair } from "@holdfast/pki/certificate";

/** Where somebody's certificate lies, its key, and whom it believes. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** The certificates of an installation. */
export interface Certificates {
  /** The folder they lie in. */
  readonly folder: string;
  /** Of one of {@link holders}. */
  of(holder: string): CertificateFiles;
}

/** Services and stores by the names of their processes; each has a certificate of its own. */
const services: readonly string[] = [
  ...["router", "coordinator", "placement", "journal", "auditor", "archiver", "recorder"],
  ...["etcd", "kafka", "postgres", "redis", "s3"],
];

/** What every port on this machine is reached by. */
const hosts = ["localhost", "127.0.0.1", "::1"];

const DAY_MS = 86_400_000;
const CA_DAYS = 3_650;
const DAYS = 180;
/** A certificate with fewer days left is made anew by the next start. */
const DAYS_LEFT_MIN = 60;
/** Clocks of one machine agree, those of a container and its host nearly. */
const BEFORE_MS = 3_600_000;

/**
 * Makes an authority of the installation's own where there is none, and signs by it what is missing
 * or about to end: a certificate for each service and store, and one for clients. Keys are for
 * their owner.
 */
export async function prepareCertificates(dataDir: string): Promise<Certificates> {
  // Only who asks for TLS is to wait for what makes certificates.
  const { issueCertificate, makeAuthority } = await import("@holdfast/pki/certificate");
  const folder = join(dataDir, "tls");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const validFor = (days: number) => {
    const nowMs = Date.now();
    return { from: new Date(nowMs - BEFORE_MS), to: new Date(nowMs + days * DAY_MS) };
  };
  const filesOf = (holder: string): CertificateFiles => ({
    cert: join(folder, `${holder}.pem`),
    key: join(folder, `${holder}.key`),
    ca: join(folder, "ca.pem"),
  });
  const authority = filesOf("ca");
  const known = isGood(authority) ? read(authority) : undefined;
  const ca = known ?? (await makeAuthority("Holdfast on this machine", validFor(CA_DAYS)));
  if (known === undefined) write(authority, ca);
  for (const holder of [...services, "client"]) {
    const files = filesOf(holder);
    if (known !== undefined && isGood(files)) continue;
    const named = { name: `holdfast ${holder}`, hosts: holder === "client" ? [] : hosts };
    write(files, await issueCertificate(ca, { ...named, ...validFor(DAYS) }));
  }
  return { folder, of: filesOf };
}

/** The files are there, and good for a while. */
function isGood({ cert, key }: CertificateFiles): boolean {
  if (!existsSync(cert) || !existsSync(key)) return false;
  try {
    const { validToDate } = new X509Certificate(readFileSync(cert));
    return validToDate.getTime() - Date.now() > DAYS_LEFT_MIN * DAY_MS;
  } catch {
    return false;
  }
}

function read({ cert, key }: CertificateFiles): KeyPair {
  return { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };
}

/** The key first: a start cut off in between finds no certificate, and makes both anew. */
function write(files: CertificateFiles, pair: KeyPair): void {
  for (const part of ["key", "cert"] as const) {
    const draft = `${files[part]}.${process.pid}`;
    writeFileSync(draft, pair[part], { mode: part === "key" ? 0o600 : 0o644 });
    renameSync(draft, files[part]);
  }
}
