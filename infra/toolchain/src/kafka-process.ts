import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { isServing } from "./kafka-metadata.ts";
import { runCommand } from "./run-command.ts";
import { ServerProcess, type ServerSpec } from "./server-process.ts";
import type { ServerTls } from "./server-tls.ts";
import { startOnPorts } from "./start-on-ports.ts";

export interface KafkaOptions {
  /** kafka-server-start.sh, from `findTool("kafka")`. */
  readonly binary: string;
  /** Data, log and the ports chosen lie here; a second start in the same place finds its data. */
  readonly dataDir: string;
  /** Ports for clients and for the controller; chosen free, and kept, if absent. */
  readonly ports?: readonly [client: number, controller: number];
  /** Clients and the broker show a certificate of the CA to each other; plain text if absent. */
  readonly tls?: ServerTls | undefined;
  /** Further lines of server.properties, by name. */
  readonly properties?: Readonly<Record<string, string>>;
  /** See {@link ServerSpec.yields}. */
  readonly yields?: boolean;
}

/** A running broker that is its own controller. `await using` stops it. */
export interface KafkaServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`, as clients want it. */
  readonly endpoint: string;
  readonly process: ServerProcess;
}

const FORMAT_TIMEOUT_MS = 60_000;
/** 5 s on a quiet machine; a killed one waits for its old session to end as well. */
const START_TIMEOUT_MS = 90_000;
const STOP_GRACE_MS = 10_000;
const UNUSED_PORTS = [9092, 9093];

/** The virtual machine of a broker that holds little and shares its cores with all the others. */
const JVM = {
  KAFKA_HEAP_OPTS: "-Xmx256m",
  KAFKA_JVM_PERFORMANCE_OPTS: "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
  KAFKA_OPTS: "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
};

/**
 * Starts a single Kafka broker on loopback and waits until it serves; throws with the log's tail
 * if it does not. Topics are not made by asking for them.
 */
export async function startKafka(options: KafkaOptions): Promise<KafkaServer> {
  const { dataDir } = options;
  const specOn = await prepareKafka(options);
  const { server, ports } = await startOnPorts({
    dataDir: resolve(dataDir),
    count: 2,
    ports: options.ports,
    build: (ports) => new ServerProcess(specOn(ports)),
  });
  return {
    endpoint: `127.0.0.1:${ports[0]}`,
    process: server,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/**
 * Makes the data of a broker where there is none, and tells how to run it on two ports, for clients
 * and for the controller. They may be others each time; asking writes them into its settings.
 */
export async function prepareKafka(
  options: Omit<KafkaOptions, "ports">,
): Promise<(ports: readonly number[]) => ServerSpec> {
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const settings = join(dataDir, "server.properties");
  const { tls } = options;
  const properties = { ...(tls && tlsProperties(dataDir, tls)), ...options.properties };
  // A distribution of Kafka writes logs of its own, beside itself unless told where.
  const env = { ...JVM, LOG_DIR: join(dataDir, "logs") };
  const write = ([client = 0, controller = 0]: readonly number[]): void =>
    writeFileSync(settings, serverProperties(dataDir, client, controller, properties));
  if (!existsSync(join(dataDir, "data", "meta.properties"))) {
    // Any ports will do: none of them gets into what is formatted.
    write(UNUSED_PORTS);
    await format(options.binary, settings, env);
  }
  return (ports) => {
    write(ports);
    return {
      title: "kafka",
      file: options.binary,
      args: [settings],
      env,
      yields: options.yields,
      logPath: join(dataDir, "kafka.log"),
      isReady: () => isServing(ports[0] ?? 0, tls),
      startTimeoutMs: START_TIMEOUT_MS,
      stopGraceMs: STOP_GRACE_MS,
    };
  };
}

async function format(
  binary: string,
  settings: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const clusterId = newClusterId();
  const tool = join(dirname(binary), "kafka-storage.sh");
  const done = await runCommand(tool, ["format", "-t", clusterId, "-c", settings], {
    env: { ...process.env, ...env },
    timeoutMs: FORMAT_TIMEOUT_MS,
  });
  if (done.kind === "done") return;
  throw new Error([`Kafka's storage cannot be made: ${done.why}`, ...done.tail].join("\n  "));
}

/**
 * What a broker of which both sides show a certificate has besides. It wants its certificate and
 * its key in one file, which is made here for our user alone.
 */
function tlsProperties(dataDir: string, { cert, key, ca }: ServerTls): Record<string, string> {
  const own = join(dataDir, "certificate-and-key.pem");
  rmSync(own, { force: true });
  const pem = [key, cert].map((path) => readFileSync(path, "utf8").trim());
  writeFileSync(own, `${pem.join("\n")}\n`, { mode: 0o600, flag: "wx" });
  return {
    "listener.security.protocol.map": "CLIENTS:SSL,CONTROLLER:SSL",
    "ssl.client.auth": "required",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": own,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": resolve(ca),
  };
}

/** 16 bytes, of which the first keeps the text from beginning with "-", as an option does. */
export function newClusterId(bytes: Uint8Array = randomBytes(16)): string {
  const [first = 0, ...rest] = bytes;
  return Buffer.from([first & 0x7f, ...rest]).toString("base64url");
}

/** The settings of a broker alone, in the form of server.properties. */
export function serverProperties(
  dataDir: string,
  clientPort: number,
  controllerPort: number,
  more: Readonly<Record<string, string>> = {},
): string {
  const client = `CLIENTS://127.0.0.1:${clientPort}`;
  const controller = `CONTROLLER://127.0.0.1:${controllerPort}`;
  const all = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: `${client},${controller}`,
    "advertised.listeners": client,
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "CLIENTS",
    "listener.security.protocol.map": "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "log.dirs": join(dataDir, "data"),
    "auto.create.topics.enable": "false",
    // There is nobody to replicate to.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    // Nor anybody who has a copy when the power fails. What is left to the page cache is written in
    // lumps besides, and whoever else writes to that disk waits for them.
    "log.flush.interval.messages": "1",
    // A group is not to wait three seconds for members that may join.
    "group.initial.rebalance.delay.ms": "0",
    // Back 6 s after a kill -9, not 15: a new life waits until the session of the old one ends.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    ...more,
  };
  // A backslash would escape what follows it.
  const lines = Object.entries(all).map(
    ([name, value]) => `${name}=${value.replaceAll("\\", "\\\\")}`,
  );
  return `${lines.join("\n")}\n`;
}
