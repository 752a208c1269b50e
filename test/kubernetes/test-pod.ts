import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster } from "./cluster.ts";
import type { Ended } from "./command.ts";
import { doorOf, type Region } from "./installation.ts";

const tlsFolder = "/etc/holdfast/tls";
const tlsEnv = [
  { name: "HOLDFAST_TLS_CERT", value: `${tlsFolder}/tls.crt` },
  { name: "HOLDFAST_TLS_KEY", value: `${tlsFolder}/tls.key` },
  { name: "HOLDFAST_TLS_CA", value: `${tlsFolder}/ca.crt` },
];
const podTimeoutMs = 2 * 60_000;
const node = "/usr/local/bin/node";
/** Beside the sources of the image, so that programs find the packages that are there. */
const programsFolder = "/app/e2e";

/** Where a pod of the suite runs, and as whom. */
export interface TestPodPlace {
  readonly namespace: string;
  readonly name: string;
  /** Of the namespace. */
  readonly labels: Readonly<Record<string, string>>;
  /** With the command line, and so with the SDK. */
  readonly image: string;
  readonly nodeName: string;
  /** What it needs of a processor there; a node that has not got it refuses the pod. */
  readonly cpu: string;
  /** A secret with its certificate, in its namespace; a stranger has none. */
  readonly tlsSecret?: string;
}

/** A pod from which the platform is used, or is tried to be. */
export class TestPod {
  readonly #cluster: Cluster;
  readonly #place: TestPodPlace;

  /** One that may be there. */
  constructor(cluster: Cluster, place: TestPodPlace) {
    this.#cluster = cluster;
    this.#place = place;
  }

  /** Starts it, in a namespace with these labels. */
  async start(): Promise<void> {
    const cluster = this.#cluster;
    const { namespace, name, labels } = this.#place;
    const metadata = { namespace, name };
    await cluster.kubectl(["delete", "pod", name, "--namespace", namespace, "--ignore-not-found"]);
    await cluster.apply([
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } },
      { apiVersion: "v1", kind: "ConfigMap", metadata, data: programs() },
      { apiVersion: "v1", kind: "Pod", metadata, spec: podSpec(this.#place) },
    ]);
    await cluster.kubectl(
      ["wait", "--for=condition=Ready", `pod/${name}`, "--namespace", namespace, "--timeout=90s"],
      { timeoutMs: podTimeoutMs },
    );
  }

  /** Where it is. */
  get namespace(): string {
    return this.#place.namespace;
  }

  /** Takes it away, and its namespace with it. */
  async stop(): Promise<void> {
    const { namespace } = this.#place;
    await this.#cluster.kubectl(["delete", "namespace", namespace, "--ignore-not-found"]);
  }

  /** The words of `kubectl` that run Node in it. */
  nodeWords(...words: readonly string[]): string[] {
    const { namespace, name } = this.#place;
    return ["exec", "--stdin", "--namespace", namespace, name, "--", node, ...words];
  }

  /** Runs the command line towards a region's routers. */
  holdfast(region: Region, ...words: readonly string[]): Promise<Ended> {
    const { endpoint } = doorOf(region);
    const where = ["--endpoints", endpoint, "--region", region, "--output", "json"];
    return this.#cluster.tryKubectl(this.nodeWords("libs/cli/bin/holdfast.js", ...where, ...words));
  }

  /** The same where it has to end with `code`; what it answered. */
  async answer<T>(code: number, region: Region, ...words: readonly string[]): Promise<T> {
    const ended = await this.holdfast(region, ...words);
    if (ended.code !== code) {
      const said = `${ended.stdout}${ended.stderr}`.trim();
      throw new Error(`holdfast ${words.join(" ")} in ${region} ended with ${ended.code}: ${said}`);
    }
    return (ended.stdout.trim() === "" ? {} : JSON.parse(ended.stdout)) as T;
  }

  /** Whether a TCP connection to `host:port` comes about from it within 3 s, or why not. */
  async reaches(address: string): Promise<"reached" | "refused" | "silence"> {
    const [host, port] = address.split(":");
    const script = `const socket = require("node:net").connect(${port}, "${host}");
      const say = (word) => { console.log(word); process.exit(); };
      socket.on("connect", () => say("reached"));
      socket.on("error", ({ code }) => say(code === "ECONNREFUSED" ? "refused" : code));
      setTimeout(() => say("silence"), 3000);`;
    const said = (await this.#cluster.kubectl(this.nodeWords("--eval", script))).trim();
    if (said === "reached" || said === "refused" || said === "silence") return said;
    throw new Error(`${address} from ${this.#place.namespace}: ${said}`);
  }

  /** The words that start a program of `pod/` in it. */
  programWords(program: string, argument: string): string[] {
    return this.nodeWords(`${programsFolder}/${program}`, argument);
  }
}

/** The programs in `pod/`, as the data of a ConfigMap. */
function programs(): Record<string, string> {
  const folder = join(import.meta.dirname, "pod");
  const names = readdirSync(folder).filter((name) => !name.endsWith(".test.ts"));
  const texts = names.map((name) => [name, readFileSync(join(folder, name), "utf8")] as const);
  return { ...Object.fromEntries(texts), "package.json": '{ "type": "module" }' };
}

function podSpec({ name, image, nodeName, cpu, tlsSecret }: TestPodPlace): object {
  // Waits to be asked; number 1 of a pod is not ended by a signal that it does not hear.
  const script = "process.on('SIGTERM', () => process.exit()); setInterval(() => {}, 1e9)";
  return {
    nodeName,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 5,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: 65_532,
      seccompProfile: { type: "RuntimeDefault" },
    },
    containers: [
      {
        name: "client",
        image,
        imagePullPolicy: "IfNotPresent",
        command: [node, "--eval", script],
        resources: { requests: { cpu, memory: "128Mi" }, limits: { memory: "1Gi" } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        },
        env: tlsSecret === undefined ? [] : tlsEnv,
        volumeMounts: [
          { name: "programs", mountPath: programsFolder, readOnly: true },
          ...(tlsSecret === undefined ? [] : [{ name: "tls", mountPath: tlsFolder }]),
        ],
      },
    ],
    volumes: [
      { name: "programs", configMap: { name } },
      ...(tlsSecret === undefined ? [] : [{ name: "tls", secret: { secretName: tlsSecret } }]),
    ],
  };
}
