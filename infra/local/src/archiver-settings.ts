import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const path = (dataDir: string): string => join(dataDir, "audit", "archiver.env");

/**
 * Writes how an archiver reaches the stores, so that a person can start one by hand:
 * `(set -a; . .holdfast/audit/archiver.env; npx node services/archiver/src/main.ts --once)`. For
 * its owner alone to read, since the keys of S3 are in it.
 */
export function writeArchiverSettings(
  dataDir: string,
  environment: Readonly<Record<string, string>>,
): void {
  const lines = Object.entries(environment).map(([name, value]) => `${name}='${value}'\n`);
  // Made anew: a file that is there keeps its mode.
  removeArchiverSettings(dataDir);
  writeFileSync(path(dataDir), lines.join(""), { mode: 0o600, flag: "wx" });
}

/** The stores are about to stop. */
export function removeArchiverSettings(dataDir: string): void {
  rmSync(path(dataDir), { force: true });
}
