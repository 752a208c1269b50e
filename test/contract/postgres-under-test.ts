import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { findTool } from "@holdfast/toolchain/find-tool";
import { freePorts } from "@holdfast/toolchain/free-ports";
import pg from "pg";
import { eventually, spawnServer } from "../bench/servers/spawn-server.ts";

/** A Postgres of the suite's own; the data is not worth an fsync. */
export interface PostgresUnderTest extends AsyncDisposable {
  readonly pid: number;
  /** The address of a new, empty database. */
  newDatabase(options?: string): Promise<string>;
}

const found = await findTool("postgres");

/** Why there is no Postgres to test against; undefined if there is one. */
export const postgresMissing = found.kind === "found" ? undefined : found.reason;
if (postgresMissing !== undefined)
  console.warn(`skipped, for want of Postgres: ${postgresMissing}`);

/** No secret: the server listens on loopback, and lives as long as the suite. */
const password = "contract";

/** Starts a server with one user, who has a password. */
export async function startPostgres(): Promise<PostgresUnderTest> {
  if (found.kind !== "found") throw new Error(found.reason);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-contract-"));
  const user = unprivilegedUser();
  const data = join(folder, "data");
  const passwordFile = join(folder, "password");
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, password);
  chmodSync(folder, 0o755);
  if (user !== undefined) for (const path of [folder, data, passwordFile]) own(path, user);
  execFileSync(
    join(dirname(found.path), "initdb"),
    ["-D", data, "-U", "holdfast", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8"],
    { stdio: "ignore", cwd: folder, ...user },
  );
  const [port] = (await freePorts(1)) as [number];
  const server = spawnServer(
    found.path,
    ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", folder, "-F"],
    { logPath: join(folder, "log"), cwd: folder, user },
  );
  const urlOf = (database: string) =>
    `postgres://holdfast:${password}@127.0.0.1:${port}/${database}`;
  await eventually(() => execute(urlOf("postgres"), "select 1"), 20_000);
  let databases = 0;
  return {
    pid: server.pid,
    newDatabase: async (options = "") => {
      databases += 1;
      await execute(urlOf("postgres"), `create database d${databases} ${options}`);
      return urlOf(`d${databases}`);
    },
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Runs statements on a connection of their own; the rows of the last one. */
export async function execute(
  url: string,
  ...statements: readonly (string | pg.QueryConfig)[]
): Promise<pg.QueryResult["rows"]> {
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    let rows: pg.QueryResult["rows"] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

function own(path: string, { uid, gid }: User): void {
  chownSync(path, uid, gid);
}

/** Postgres refuses to run as root. */
function unprivilegedUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string, name: string): number =>
    Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: "pipe" }));
  try {
    return { uid: id("-u", "postgres"), gid: id("-g", "postgres") };
  } catch {
    return { uid: id("-u", "nobody"), gid: id("-g", "nobody") };
  }
}
