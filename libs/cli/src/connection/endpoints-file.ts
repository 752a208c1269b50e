import { readFile } from "node:fs/promises";
import type { ClientTlsOptions } from "@holdfast/client/options";
import { CliError } from "../cli-error.ts";
import { exitCodes } from "../exit-codes.ts";
import { splitEndpoint } from "./endpoint.ts";

/** What `npm start` writes about the installation it runs. */
export interface EndpointsFile {
  readonly cluster: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly store: string;
  readonly regions: readonly RegionEntry[];
  /** `host:port` where the record is asked; absent where nothing keeps one. */
  readonly audit?: string;
  /** Files of whom to believe and what to show; absent where plain text is spoken. */
  readonly tls?: ClientTlsOptions;
}

interface RegionEntry {
  readonly region: string;
  readonly endpoint: string;
  readonly shards: readonly { readonly name: string; readonly endpoints: readonly string[] }[];
}

/** The file at `path`, or undefined where there is none. */
export async function readEndpointsFile(path: string): Promise<EndpointsFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unusable(path, `it cannot be read (${code})`, error);
  }
  try {
    return checked(JSON.parse(text));
  } catch (error) {
    throw unusable(path, (error as Error).message, error);
  }
}

function unusable(path: string, why: string, cause: unknown): CliError {
  return new CliError(exitCodes.configuration, `The endpoints file ${path} is unusable: ${why}.`, {
    code: "CONFIGURATION",
    advice: "Run npm start, which writes it anew, or name the endpoints with --endpoints.",
    cause,
  });
}

function checked(content: unknown): EndpointsFile {
  const file = record(content, "it is not an object");
  if (!Array.isArray(file.regions) || file.regions.length === 0) {
    throw new Error("it names no regions");
  }
  return {
    cluster: text(file.cluster),
    pid: Number.isSafeInteger(file.pid) ? (file.pid as number) : 0,
    startedAt: text(file.startedAt),
    store: text(file.store),
    regions: file.regions.map(checkedRegion),
    ...checkedAudit(file.audit),
    ...checkedTls(file.tls),
  };
}

function checkedAudit(audit: unknown): { readonly audit?: string } {
  if (audit === undefined) return {};
  if (splitEndpoint(text(audit)) === undefined) throw new Error("audit is not host:port");
  return { audit: text(audit) };
}

function checkedTls(content: unknown): { readonly tls?: ClientTlsOptions } {
  if (content === undefined) return {};
  const { ca, cert, key } = record(content, "tls is not an object");
  if (![ca, cert, key].every((part) => text(part) !== "")) {
    throw new Error("tls names no files ca, cert and key");
  }
  return { tls: { ca: text(ca), cert: text(cert), key: text(key) } };
}

function checkedRegion(content: unknown): RegionEntry {
  const entry = record(content, "a region is not an object");
  const endpoint = text(entry.endpoint);
  if (splitEndpoint(endpoint) === undefined)
    throw new Error("a region's endpoint is not host:port");
  const shards = Array.isArray(entry.shards) ? entry.shards : [];
  return {
    region: text(entry.region),
    endpoint,
    shards: shards.map((shard: unknown) => {
      const { name, endpoints } = record(shard, "a shard is not an object");
      return { name: text(name), endpoints: Array.isArray(endpoints) ? endpoints.map(text) : [] };
    }),
  };
}

function record(content: unknown, complaint: string): Record<string, unknown> {
  if (typeof content !== "object" || content === null) throw new Error(complaint);
  return content as Record<string, unknown>;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
