import { readFileSync } from "node:fs";

/** Files (PEM) of a server's certificate, of its key, and of the authority that all must be of. */
export interface ServerTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Files of who connects; without a certificate it shows none. */
export type ClientTls = Pick<ServerTls, "ca"> & Partial<ServerTls>;

/** What the files hold, as Node's TLS wants it. */
export function contentOf({ cert, key, ca }: ClientTls) {
  const read = (path: string | undefined) => path && readFileSync(path);
  return { cert: read(cert), key: read(key), ca: read(ca) };
}
