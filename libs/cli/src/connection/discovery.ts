import { dirname, join } from "node:path";
import { CliError, usageError } from "../cli-error.ts";
import type { Edge } from "../edge.ts";
import { exitCodes } from "../exit-codes.ts";
import { parseEndpoints } from "./endpoint.ts";
import { type EndpointsFile, readEndpointsFile } from "./endpoints-file.ts";

/** Where the endpoints came from, and what is known of the installation behind them. */
export interface Discovery {
  readonly endpoints: readonly string[];
  /** For people: `--endpoints`, `HOLDFAST_ENDPOINTS`, the file's path, or the default. */
  readonly source: string;
  readonly file?: { readonly path: string; readonly content: EndpointsFile } | undefined;
}

/** The ports of `npm start`. */
export const defaultEndpoints: readonly string[] = [
  "localhost:7420",
  "localhost:7421",
  "localhost:7422",
];

/**
 * Finds the endpoints: as told, else as the environment says, else what `npm start` wrote (from the
 * working directory upwards, then where this CLI lies), else its usual ports.
 */
export async function discoverEndpoints(
  edge: Pick<Edge, "env" | "workingDirectory" | "installDirectory">,
  told: string | undefined,
): Promise<Discovery> {
  if (told !== undefined) {
    return { endpoints: parseEndpoints(told, "--endpoints"), source: "--endpoints" };
  }
  const environment = edge.env.HOLDFAST_ENDPOINTS ?? "";
  if (environment !== "") {
    const source = "HOLDFAST_ENDPOINTS";
    return { endpoints: parseEndpoints(environment, source), source };
  }
  for (const directory of searchPath(edge.workingDirectory, edge.installDirectory)) {
    const path = join(directory, ".holdfast", "endpoints.json");
    const content = await readEndpointsFile(path);
    if (content === undefined) continue;
    const endpoints = content.regions.map((region) => region.endpoint);
    return { endpoints, source: path, file: { path, content } };
  }
  return { endpoints: defaultEndpoints, source: "the default ports" };
}

/**
 * The endpoints to reach a region by: its own routers where they are known, for any other would
 * only hand the calls on to them; else all.
 */
export function endpointsFor(discovery: Discovery, region: string | undefined): readonly string[] {
  const regions = discovery.file?.content.regions ?? [];
  const own = regions.filter((entry) => entry.region === region).map(({ endpoint }) => endpoint);
  return own.length > 0 ? own : discovery.endpoints;
}

function searchPath(workingDirectory: string, installDirectory: string): string[] {
  const directories: string[] = [];
  for (let directory = workingDirectory; ; directory = dirname(directory)) {
    directories.push(directory);
    if (dirname(directory) === directory) break;
  }
  directories.push(installDirectory);
  return [...new Set(directories)];
}

/**
 * Where the record is asked: as told, else as the environment says, else as the installation that
 * the endpoints are of wrote it.
 */
export async function discoverAudit(
  edge: Pick<Edge, "env">,
  told: string | undefined,
  discover: () => Promise<Discovery>,
): Promise<string> {
  if (told !== undefined) return oneEndpoint(told, "--audit-endpoint");
  const environment = edge.env.HOLDFAST_AUDIT_ENDPOINT ?? "";
  if (environment !== "") return oneEndpoint(environment, "HOLDFAST_AUDIT_ENDPOINT");
  const { file, source } = await discover();
  const known = file?.content.audit;
  if (known !== undefined) return known;
  const isMemory = file?.content.store === "memory";
  const none = isMemory ? `the memory store of ${source} has none` : `${source} names none`;
  const where = file === undefined ? "nothing says where it is" : none;
  throw new CliError(exitCodes.unavailable, `No record is known to ask: ${where}.`, {
    code: "SHARD_UNAVAILABLE",
    advice:
      "Start Holdfast with its record: npm start, or npm start -- --audit for all of it. Or name " +
      "the auditor's address with --audit-endpoint or HOLDFAST_AUDIT_ENDPOINT.",
  });
}

function oneEndpoint(text: string, source: string): string {
  const [endpoint = "", ...more] = parseEndpoints(text, source);
  if (more.length > 0) throw usageError(`${source} names one endpoint, not ${more.length + 1}.`);
  return endpoint;
}
