import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { secured } from "./postgres-tls.ts";
import { openPassage, postgresUser, reachablePrograms } from "./postgres-user.ts";
import { runCommand, type UnixUser } from "./run-command.ts";
import { ServerProcess, type ServerSpec } from "./server-process.ts";
import type { ServerTls } from "./server-tls.ts";
import { startOnPorts } from "./start-on-ports.ts";

export interface PostgresOptions {
  /** The postgres executable, from `findTool("postgres")`. */
  readonly binary: string;
  /** Data, log and the port chosen lie here; a second start in the same place finds its data. */
  readonly dataDir: string;
  /** The superuser made with the data; "holdfast" if absent. */
  readonly user?: string;
  /** Asked of every client from the first start on; if absent, nobody is asked for one. */
  readonly password?: string;
  /** Chosen free, and kept for the next start in the same place, if absent. */
  readonly port?: number;
  /** It and its clients show a certificate of the CA to each other; plain text if absent. */
  readonly tls?: ServerTls | undefined;
  /** Settings by their names in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** See {@link ServerSpec.yields}. */
  readonly yields?: boolean;
}

/** A running Postgres with the database `postgres`. `await using` stops it. */
export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  readonly process: ServerProcess;
}

const INITDB_TIMEOUT_MS = 60_000;
const START_TIMEOUT_MS = 30_000;
const STOP_GRACE_MS = 5_000;

/**
 * Starts a Postgres on loopback and waits until it lets clients in; throws with the log's tail if
 * it does not. Started by root it runs as the user postgres or nobody, who gets the data and the
 * right to pass through the folder above.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const { specOn, user } = await preparePostgres(options);
  const { server, ports } = await startOnPorts({
    dataDir: resolve(options.dataDir),
    count: 1,
    ports: options.port === undefined ? undefined : [options.port],
    build: (ports) => new PostgresProcess(specOn(ports)),
  });
  return {
    port: ports[0] as number,
    user,
    process: server,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** A server whose data is there. */
export interface PreparedPostgres {
  /** The superuser of the database `postgres`. */
  readonly user: string;
  /** How to run it on one port; it may be another one each time. */
  readonly specOn: (ports: readonly number[]) => ServerSpec;
}

/** Makes the data of a Postgres where there is none; throws if that cannot be. */
export async function preparePostgres(
  options: Omit<PostgresOptions, "port">,
): Promise<PreparedPostgres> {
  const dataDir = resolve(options.dataDir);
  const found = postgresUser();
  if (found === "nobody") {
    throw new Error("Postgres does not run as root, and there is no user postgres or nobody");
  }
  const runAs = found === "ourselves" ? undefined : found;
  mkdirSync(dataDir, { recursive: true });
  if (runAs !== undefined) {
    chownSync(dataDir, runAs.uid, runAs.gid);
    openPassage(dirname(dataDir));
  }
  const programs = await reachablePrograms(realpathSync(options.binary), dataDir, runAs);
  const user = options.user ?? "holdfast";
  const data = join(dataDir, "data");
  if (!existsSync(data)) await initialise(programs, dataDir, user, options.password, runAs);
  const settings = { ...(options.tls && secured(dataDir, options, runAs)), ...options.settings };
  const specOn = ([port = 0]: readonly number[]): ServerSpec => ({
    title: "postgres",
    file: join(programs, "postgres"),
    args: postgresArguments(data, port, settings),
    cwd: dataDir,
    user: runAs,
    yields: options.yields,
    logPath: join(dataDir, "postgres.log"),
    isReady: (pid) => saysReady(data, pid),
    startTimeoutMs: START_TIMEOUT_MS,
    // Sends clients away at once; SIGTERM would wait until they leave by themselves.
    stopSignal: "SIGINT",
    stopGraceMs: STOP_GRACE_MS,
  });
  return { user, specOn };
}

/** Makes the data under another name first: what died half-way is not taken for data. */
async function initialise(
  programs: string,
  dataDir: string,
  user: string,
  password: string | undefined,
  runAs: UnixUser | undefined,
): Promise<void> {
  const draft = join(dataDir, "data.draft");
  const passwordFile = join(dataDir, "password");
  rmSync(draft, { recursive: true, force: true });
  const args = ["-D", draft, "-U", user, "-E", "UTF8", "--locale=C"];
  if (password === undefined) {
    args.push("-A", "trust");
  } else {
    args.push("-A", "scram-sha-256", `--pwfile=${passwordFile}`);
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (runAs !== undefined) chownSync(passwordFile, runAs.uid, runAs.gid);
  }
  const made = await runCommand(join(programs, "initdb"), args, {
    cwd: dataDir,
    user: runAs,
    timeoutMs: INITDB_TIMEOUT_MS,
  });
  rmSync(passwordFile, { force: true });
  if (made.kind === "failed") {
    throw new Error(`initdb could not make ${draft}: ${made.tail.join("\n  ")} (${made.why})`);
  }
  renameSync(draft, join(dataDir, "data"));
}

/** No more than is needed at once of what others have too, which is the disk above all. */
const quietly = {
  // Its path may be no longer than 107 characters.
  unix_socket_directories: "",
  // Else each 16 MiB of log are written as zeros first, all at once, and then as they are.
  wal_init_zero: "off",
  // Else the kernel keeps what is written outside of the log for half a minute, and then writes it
  // all at once too.
  backend_flush_after: "64kB",
  bgwriter_flush_after: "64kB",
  // After each checkpoint the log gets the whole of every page that changes.
  wal_compression: "on",
};

function postgresArguments(
  data: string,
  port: number,
  settings: Readonly<Record<string, string>>,
): string[] {
  const all = { ...quietly, ...settings };
  return [
    ...["-D", data, "-p", String(port), "-h", "127.0.0.1"],
    ...Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
}

/** The last line of its pid file says how far it is; pg_ctl looks there as well. */
function saysReady(data: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    return lines[0]?.trim() === String(pid) && lines[7]?.trim() === "ready";
  } catch {
    return false;
  }
}

class PostgresProcess extends ServerProcess {
  /**
   * The processes of one that was killed take a moment to end. Until then the next one refuses to
   * start on the same data, and is to be started once more.
   */
  override async waitReady(timeoutMs = START_TIMEOUT_MS): Promise<boolean> {
    const deadline = performance.now() + timeoutMs;
    while (performance.now() < deadline) {
      if (await super.waitReady(deadline - performance.now())) return true;
      if (this.running || !this.describeFailure().includes("is still in use")) return false;
      await sleep(100);
      this.start();
    }
    return false;
  }
}
