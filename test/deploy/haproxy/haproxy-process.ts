import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exampleOf } from "@holdfast/haproxy/examples";
import type { RouterAddress, TlsVariant } from "@holdfast/haproxy/haproxy-config";
import { findTool } from "@holdfast/toolchain/find-tool";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { ServerProcess } from "@holdfast/toolchain/server-process";

const found = await findTool("haproxy");

/** Why there is no HAProxy to test with; undefined if there is one. */
export const haproxyMissing = found.kind === "found" ? undefined : found.reason;

if (haproxyMissing !== undefined) console.warn(`skipped, for want of HAProxy: ${haproxyMissing}`);

/** The program; only where {@link haproxyMissing} is undefined. */
export function haproxyPath(): string {
  if (found.kind !== "found") throw new Error(found.reason);
  return found.path;
}

/** What HAProxy says of a router. */
export interface BackendState {
  /** `UP`, `DOWN`, `DRAIN`, or on the way, as `UP 1/2`. */
  readonly status: string;
  /** Streams that go through it now. */
  readonly streams: number;
  /** Streams that ever did. */
  readonly streamsEver: number;
}

/** HAProxy between clients and routers, as it is configured for users. */
export interface HaproxyUnderTest extends AsyncDisposable {
  readonly endpoint: string;
  readonly metrics: string;
  /** By the name of the router. */
  states(): Promise<ReadonlyMap<string, BackendState>>;
  /** Says a word to the socket for operators. */
  tell(command: string): Promise<string>;
}

/** Starts it on free ports. */
export async function startHaproxy(
  tls: TlsVariant,
  routers: readonly RouterAddress[],
): Promise<HaproxyUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-haproxy-"));
  const [port, metricsPort] = await freePorts(2);
  const [endpoint, metrics] = [`127.0.0.1:${port}`, `127.0.0.1:${metricsPort}`];
  const adminSocket = join(folder, "admin.sock");
  const file = join(folder, "haproxy.cfg");
  const places = { listen: endpoint, metricsListen: metrics, adminSocket, routers };
  writeFileSync(file, exampleOf(tls, { ...places, connectionsMax: 500 }));
  const tell = (command: string) => ask(adminSocket, command);
  const server = new ServerProcess({
    title: "haproxy",
    file: haproxyPath(),
    args: ["-db", "-f", file],
    logPath: join(folder, "haproxy.log"),
    isReady: () =>
      tell("show info").then(
        () => true,
        () => false,
      ),
    startTimeoutMs: 10_000,
    stopGraceMs: 2_000,
  });
  server.start();
  if (!(await server.waitReady())) throw new Error(server.describeFailure());
  return {
    endpoint,
    metrics,
    tell,
    states: async () => readStates(await tell("show stat")),
    [Symbol.asyncDispose]: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ask(socketPath: string, command: string): Promise<string> {
  const socket = connect(socketPath);
  socket.setEncoding("utf8");
  let answer = "";
  socket.on("data", (text) => {
    answer += text;
  });
  socket.end(`${command}\n`);
  await once(socket, "close");
  return answer;
}

/** A table with commas, whose first line names the columns. */
function readStates(table: string): Map<string, BackendState> {
  const [head = "", ...lines] = table.replace(/^# /, "").trim().split("\n");
  const columns = head.split(",");
  const states = new Map<string, BackendState>();
  for (const line of lines) {
    const cells = line.split(",");
    const cell = (name: string) => cells[columns.indexOf(name)] ?? "";
    if (cell("pxname") !== "routers" || cell("svname") === "BACKEND") continue;
    states.set(cell("svname"), {
      status: cell("status"),
      streams: Number(cell("scur")),
      streamsEver: Number(cell("stot")),
    });
  }
  return states;
}
