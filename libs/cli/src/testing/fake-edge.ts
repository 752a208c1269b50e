import { SystemClock } from "@holdfast/base/clock";
import { SeededRandom } from "@holdfast/base/random";
import type { AuditPort } from "../connection/audit-port.ts";
import type { ConnectOptions } from "../connection/client-port.ts";
import type { Edge } from "../edge.ts";
import { run } from "../run.ts";
import { FakeClient } from "./fake-client.ts";

/** What a test may set of the world a command sees. */
export interface World {
  readonly client?: FakeClient;
  readonly env?: Record<string, string>;
  readonly stdin?: string;
  /** Columns, where stdout and stderr are a terminal. */
  readonly terminal?: number;
  /** Nobody reads stdout after so many writes. */
  readonly readerLeavesAfter?: number;
  readonly connect?: Edge["connect"];
  /** Who answers about the record, wherever it is asked. */
  readonly audit?: AuditPort;
  readonly workingDirectory?: string;
  readonly installDirectory?: string;
  /** Called with each piece of stdout as it is written. */
  readonly onStdout?: (text: string, world: Running) => void;
}

/** A command under way, as a test can reach into it. */
export interface Running {
  /** Delivers a signal; false where nobody listens, so the system would end the process. */
  raise(signal: NodeJS.Signals): boolean;
}

/** How a command ended. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly client: FakeClient;
  readonly connections: readonly ConnectOptions[];
  readonly auditEndpoints: readonly string[];
}

/** Of a world that says nothing else: with one endpoint there is one region it can mean. */
const oneEndpoint = { HOLDFAST_ENDPOINTS: "localhost:7420" };

/** Runs a command line in a made-up world. */
export async function runIn(
  world: World,
  argv: readonly string[],
  whenRunning?: (running: Running) => void,
): Promise<Ended> {
  const client = world.client ?? new FakeClient();
  const written = { stdout: "", stderr: "" };
  const connections: ConnectOptions[] = [];
  const auditEndpoints: string[] = [];
  const listeners = new Map<NodeJS.Signals, Set<() => void>>();
  const closeListeners = new Set<() => void>();
  const running: Running = {
    raise(signal) {
      const all = [...(listeners.get(signal) ?? [])];
      for (const listener of all) listener();
      return all.length > 0;
    },
  };
  let writes = 0;
  const output = (name: "stdout" | "stderr") => ({
    isTerminal: world.terminal !== undefined,
    columns: world.terminal ?? 80,
    write: async (text: string) => {
      if (name === "stdout" && writes++ >= (world.readerLeavesAfter ?? Number.POSITIVE_INFINITY)) {
        for (const listener of closeListeners) listener();
        return "closed" as const;
      }
      written[name] += text;
      if (name === "stdout") world.onStdout?.(text, running);
      return "written" as const;
    },
  });
  const edge: Edge = {
    env: { ...(world.workingDirectory === undefined ? oneEndpoint : {}), ...world.env },
    workingDirectory: world.workingDirectory ?? "/nowhere/at/all",
    installDirectory: world.installDirectory ?? "/nowhere",
    version: "1.2.3",
    nodeVersion: "v24.0.0",
    clock: new SystemClock(),
    random: new SeededRandom(7),
    stdout: output("stdout"),
    stderr: output("stderr"),
    stdinIsTerminal: false,
    sharesTerminal: false,
    connect: async (options) => {
      connections.push(options);
      return world.connect === undefined ? client : await world.connect(options);
    },
    connectAudit: async (endpoint) => {
      auditEndpoints.push(endpoint);
      if (world.audit === undefined) throw new Error("this world has no record");
      return world.audit;
    },
    readStdin: async () => world.stdin ?? "",
    onSignal(signal, listener) {
      const set = listeners.get(signal) ?? new Set();
      listeners.set(signal, set.add(listener));
      return () => set.delete(listener);
    },
    onStdoutClosed(listener) {
      closeListeners.add(listener);
      return () => closeListeners.delete(listener);
    },
  };
  const ending = run(argv, edge);
  whenRunning?.(running);
  return { exitCode: await ending, ...written, client, connections, auditEndpoints };
}
