import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { logTail } from "@holdfast/toolchain/log-tail";
import { DrillProcess } from "./drill-process.ts";

const root = new URL("../../", import.meta.url);

/** A service of the platform as a process of a drill. */
export interface ServiceProcessOptions {
  /** Folder below `services/`. */
  readonly service: string;
  /** As "router r0". */
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** For its log. */
  readonly folder: string;
  /** Loaded before its own code. */
  readonly preloads?: readonly URL[];
  /** Further arguments of Node. */
  readonly nodeArgs?: readonly string[];
}

/** Not started yet. */
export function serviceProcess(options: ServiceProcessOptions): DrillProcess {
  const { service, name, env, folder, preloads = [], nodeArgs = [] } = options;
  const main = fileURLToPath(new URL(`services/${service}/src/main.ts`, root));
  const args = [...nodeArgs, ...preloads.flatMap(({ href }) => ["--import", href]), main];
  const logPath = join(folder, `${name.replaceAll(" ", "-")}.log`);
  return new DrillProcess({ name, args, env, logPath });
}

/** The ends of the logs of processes, for a failure. */
export function logTails(processes: readonly DrillProcess[]): string {
  return processes.map(tailOf).join("\n\n");
}

function tailOf({ name, logPath }: DrillProcess): string {
  return [`${name}:`, ...logTail(logPath, 15).map((line) => line.slice(0, 500))].join("\n  ");
}
