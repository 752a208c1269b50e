import { findTool } from "@holdfast/toolchain/find-tool";
import {
  type PostgresOptions,
  startPostgres as startServer,
} from "@holdfast/toolchain/postgres-process";
import { postgresUser } from "@holdfast/toolchain/postgres-user";
import { childrenOf } from "../process-usage.ts";
import type { ServerSet, ServersResult } from "./server-set.ts";

/** One server; every client session is a process of its own. */
export interface PostgresServer extends ServerSet {
  readonly port: number;
}

/** More connections than any concurrency that is tried. */
const connections = { max_connections: "300" };

/** Starts one with its data in `folder`, and with these settings as well. */
export async function startPostgres(
  folder: string,
  { settings, ...more }: Pick<PostgresOptions, "settings" | "yields"> = {},
): Promise<ServersResult<PostgresServer>> {
  const report = (step: { message: string }): void => console.error(`  ${step.message}`);
  const tool = await findTool("postgres", { progress: report });
  if (tool.kind === "missing") return tool;
  if (postgresUser() === "nobody") {
    return { kind: "missing", tool: "postgres", reason: "no user postgres or nobody to run it as" };
  }
  const server = await startServer({
    binary: tool.path,
    dataDir: folder,
    user: "bench",
    settings: { ...connections, ...settings },
    ...more,
  });
  return {
    kind: "started",
    version: tool.version,
    port: server.port,
    // Every connection is a process of its own.
    pids: () => {
      const { pid } = server.process;
      return pid === undefined ? [] : [pid, ...childrenOf(pid)];
    },
    stop: () => server.process.kill(),
  };
}
