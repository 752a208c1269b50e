import type { ClientTlsOptions } from "@holdfast/client/options";
import { usageError } from "../cli-error.ts";
import type { Edge } from "../edge.ts";
import type { Discovery } from "./discovery.ts";

/** What the command line says about certificates. */
export interface TlsOptions {
  readonly tlsCa?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

/**
 * Whom to believe and what to show: each file as told, else as the environment says; where neither
 * names any, as the installation says that the endpoints are of. Undefined: plain text.
 */
export async function discoverTls(
  { env }: Pick<Edge, "env">,
  told: TlsOptions,
  discover: () => Promise<Discovery>,
): Promise<ClientTlsOptions | undefined> {
  const ca = told.tlsCa ?? (env.HOLDFAST_TLS_CA || undefined);
  const cert = told.tlsCert ?? (env.HOLDFAST_TLS_CERT || undefined);
  const key = told.tlsKey ?? (env.HOLDFAST_TLS_KEY || undefined);
  if (ca !== undefined) {
    if ((cert === undefined) === (key === undefined)) return { ca, cert, key };
    throw usageError("--tls-cert and --tls-key go together: a certificate is shown with its key.");
  }
  if (cert === undefined && key === undefined) return (await discover()).file?.content.tls;
  throw usageError(
    "A certificate is named, and nobody to believe.",
    "Name the CA of the routers with --tls-ca or HOLDFAST_TLS_CA.",
  );
}
