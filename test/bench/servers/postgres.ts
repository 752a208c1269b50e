import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import { freePorts } from "@holdfast/toolchain/free-ports";
import pg from "pg";
import { childrenOf } from "../process-usage.ts";
import type { ServerSet, ServersResult } from "./server-set.ts";
import { eventually, spawnServer } from "./spawn-server.ts";

/** One server; every client session is a process of its own. */
export interface PostgresServer extends ServerSet {
  readonly port: number;
}

/** More connections than any concurrency that is tried. */
const connectionsMax = 300;

/** Starts one with its data in `folder`. */
export async function startPostgres(folder: string): Promise<ServersResult<PostgresServer>> {
  const report = (step: { message: string }): void => console.error(`  ${step.message}`);
  const tool = await findTool("postgres", { progress: report });
  if (tool.kind === "missing") return tool;
  const user = unprivilegedUser();
  if (process.getuid?.() === 0 && user === undefined) {
    return { kind: "missing", tool: "postgres", reason: "no user postgres or nobody to run it as" };
  }
  mkdirSync(folder, { recursive: true });
  if (user !== undefined) {
    chownSync(folder, user.uid, user.gid);
    // The folder above was made for this user's eyes only.
    chmodSync(dirname(folder), 0o755);
  }
  const data = join(folder, "data");
  execFileSync(
    join(dirname(tool.path), "initdb"),
    ["-D", data, "-U", "bench", "-A", "trust", "-E", "UTF8"],
    { stdio: "ignore", cwd: folder, ...user },
  );
  const [port] = (await freePorts(1)) as [number];
  const server = spawnServer(
    tool.path,
    [
      ...["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder],
      ...["-c", `max_connections=${connectionsMax}`],
    ],
    { logPath: join(folder, "log"), user },
  );
  try {
    await eventually(() => ping(port), 20_000);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    kind: "started",
    version: tool.version,
    port,
    // Every connection is a process of its own.
    pids: () => [server.pid, ...childrenOf(server.pid)],
    stop: server.stop,
  };
}

/** Postgres refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ["postgres", "nobody"]) {
    try {
      const id = (flag: string): number =>
        Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: "pipe" }));
      return { uid: id("-u"), gid: id("-g") };
    } catch {
      // No such user; the next one.
    }
  }
  return undefined;
}

async function ping(port: number): Promise<void> {
  const client = new pg.Client({ host: "127.0.0.1", port, user: "bench", database: "postgres" });
  try {
    await client.connect();
    await client.query("select 1");
  } finally {
    await client.end();
  }
}
