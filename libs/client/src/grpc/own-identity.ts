import { readFileSync, statSync } from "node:fs";
import {
  checkTls,
  isTlsFault,
  type TlsIdentity,
  type TlsMaterial,
} from "@holdfast/base/tls/material";
import { HoldfastError } from "../holdfast-error.ts";
import type { ClientTlsOptions } from "../options.ts";

/** The parts of the material, by the client's options. */
type Part = "ca" | "cert" | "key";

/**
 * The certificates of a client. Files are looked at whenever a connection is made, so one that was
 * replaced is used from then on; files that do not fit together change nothing.
 */
export class OwnIdentity implements TlsIdentity {
  readonly #options: ClientTlsOptions;
  #material: TlsMaterial;
  #seen: string;

  /** Throws INVALID_ARGUMENT where the certificates cannot be used. */
  constructor(options: ClientTlsOptions) {
    this.#options = options;
    if ((options.cert === undefined) !== (options.key === undefined)) {
      throw unusable("cert and key go together");
    }
    try {
      this.#seen = signature(options);
      const found = read(options);
      if (isTlsFault(found)) throw unusable(found.message);
      this.#material = found;
    } catch (error) {
      throw error instanceof HoldfastError ? error : unusable((error as Error).message);
    }
  }

  get current(): TlsMaterial {
    try {
      const seen = signature(this.#options);
      if (seen !== this.#seen) {
        const found = read(this.#options);
        if (!isTlsFault(found)) [this.#material, this.#seen] = [found, seen];
      }
    } catch {
      // A file is about to be replaced: what was read before is still good.
    }
    return this.#material;
  }

  /** Nobody is told: who connects asks. */
  onChange(): () => void {
    return () => {};
  }
}

function read(options: ClientTlsOptions): ReturnType<typeof checkTls> {
  const { ca, cert, key } = options;
  const own =
    cert === undefined || key === undefined ? undefined : { cert: pem(cert), key: pem(key) };
  return checkTls(
    { ca: pem(ca), own },
    { ca: named("ca", ca), cert: named("cert", cert), key: named("key", key) },
  );
}

/** Changes when one of the files does. */
function signature({ ca, cert, key }: ClientTlsOptions): string {
  const files = [ca, cert, key].filter((part) => part !== undefined && !isPem(part)) as string[];
  return files
    .map((path) => {
      const { mtimeMs, size, ino } = statSync(path);
      return [mtimeMs, size, ino].join();
    })
    .join(";");
}

function pem(part: string): string {
  return isPem(part) ? part : readFileSync(part, "utf8");
}

/** What a part is called in a message: its file, never its content. */
function named(part: Part, value: string | undefined): string {
  return value === undefined || isPem(value) ? part : value;
}

function isPem(part: string): boolean {
  return part.includes("-----BEGIN");
}

function unusable(why: string): HoldfastError {
  const message = `tls cannot be used: ${why}; ca, cert and key are files or PEM.`;
  return new HoldfastError("INVALID_ARGUMENT", message, { field: "tls" });
}
