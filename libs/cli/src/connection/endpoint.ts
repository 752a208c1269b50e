import { usageError } from "../cli-error.ts";

const portMax = 65_535;
/** More would only be tried in vain: one per region is the rule. */
const endpointsMax = 64;

/** Splits `host:port,host:port`. IPv6 addresses go in brackets: `[::1]:7420`. */
export function parseEndpoints(text: string, source: string): string[] {
  const endpoints = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (endpoints.length === 0 || endpoints.length > endpointsMax) {
    throw usageError(`${source} must name 1 to ${endpointsMax} endpoints.`, endpointAdvice);
  }
  for (const endpoint of endpoints) {
    if (splitEndpoint(endpoint) === undefined) {
      throw usageError(
        `${source} has ${JSON.stringify(endpoint)}, which is not host:port.`,
        endpointAdvice,
      );
    }
  }
  return [...new Set(endpoints)];
}

const endpointAdvice = "Write it as localhost:7420,localhost:7421.";

/** Host and port of an endpoint, or undefined if it is none. */
export function splitEndpoint(
  endpoint: string,
): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(endpoint);
  const port = Number(match?.[3]);
  if (match === null || port < 1 || port > portMax) return undefined;
  return { host: match[1] ?? match[2] ?? "", port };
}

/** True for an address that cannot leave this machine. */
export function isLoopback(endpoint: string): boolean {
  const host = splitEndpoint(endpoint)?.host ?? "";
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
