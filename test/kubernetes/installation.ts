import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cluster, KubernetesObject } from "./cluster.ts";
import { merged } from "./merged.ts";
import type { LoadSettings } from "./pod/settings.ts";

/** The three regions, each a release in a namespace of its own. */
export const regions = ["us-east-1", "us-west-2", "eu-west-1"] as const;
export type Region = (typeof regions)[number];

/** The name of each release, and the beginning of the names of its objects. */
export const releaseName = "hf";
/** The label by which namespaces of regions are known to each other's policies. */
const installationLabel = { "holdfast.dev/installation": "e2e" };

const rolloutTimeoutMs = 8 * 60_000;
const testTimeoutMs = 6 * 60_000;
const defaultClass = "storageclass.kubernetes.io/is-default-class";

/** The namespace of a region. */
export function namespaceOf(region: Region): string {
  return `holdfast-e2e-${region}`;
}

/** Where clients reach a region. */
export function doorOf(region: Region): LoadSettings["regions"][number] {
  const host = `${releaseName}-router.${namespaceOf(region)}.svc.cluster.local`;
  return { region, endpoint: `${host}:7420` };
}

/** Where an installation comes from. */
export interface Sources {
  readonly repository: string;
  /** Registry and path before the names of images. */
  readonly images: string;
  /** A folder for files that are made. */
  readonly workFolder: string;
}

/** Three releases of the chart, installed and changed as docs/operations.md says. */
export class Installation {
  readonly #cluster: Cluster;
  readonly #sources: Sources;
  readonly #chart: string;
  #found: object = {};

  constructor(cluster: Cluster, sources: Sources) {
    this.#cluster = cluster;
    this.#sources = sources;
    this.#chart = join(sources.repository, "helm/holdfast");
  }

  /** What was found out about the cluster, and the images of `tag`, as values. */
  found(tag: string): object {
    return merged(this.#found, { image: { tag } }) as object;
  }

  /** Finds out what a cluster has its own of, storage and names, beside `values`. */
  async prepare(values: object): Promise<void> {
    const found = {
      image: { repository: this.#sources.images },
      etcd: { storage: { className: await this.#storageClass() } },
      ...(await this.#names()),
    };
    this.#found = merged(found, values) as object;
    writeFileSync(this.#foundFile, JSON.stringify(this.#found));
  }

  /** The namespaces of all regions. */
  async makeNamespaces(): Promise<void> {
    await this.#cluster.apply(
      regions.map((region) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: namespaceOf(region), labels: installationLabel },
      })),
    );
  }

  /** Installs a region, or changes it. */
  async release(region: Region, tag: string, ...words: readonly string[]): Promise<void> {
    const values = join(this.#sources.repository, "test/kubernetes/values");
    const files = [join(values, "small.yaml"), join(values, `${region}.yaml`), this.#foundFile];
    await this.#cluster.helm([
      ...["upgrade", "--install", releaseName, this.#chart, "--namespace", namespaceOf(region)],
      ...files.flatMap((file) => ["--values", file]),
      ...["--set", `image.tag=${tag}`, ...words],
    ]);
  }

  /** Waits until all pods of a region are what they are to be, and serve. */
  async rolledOut(region: Region, timeoutMs = rolloutTimeoutMs): Promise<void> {
    const namespace = ["--namespace", namespaceOf(region)];
    const kinds = "deployments,statefulsets";
    const names = await this.#cluster.kubectl(["get", kinds, ...namespace, "--output", "name"]);
    const timeout = `--timeout=${timeoutMs / 1_000}s`;
    await Promise.all(
      names
        .trim()
        .split("\n")
        .map((name) =>
          this.#cluster.kubectl(["rollout", "status", name, ...namespace, timeout], {
            timeoutMs: timeoutMs + 10_000,
          }),
        ),
    );
  }

  /** The same of all regions. */
  async allRolledOut(): Promise<void> {
    await Promise.all(regions.map((region) => this.rolledOut(region)));
  }

  /** The pods of a component of a region. */
  pods(region: Region, component: string): Promise<KubernetesObject[]> {
    const selector = `app.kubernetes.io/component=${component}`;
    return this.#cluster.objects(
      "pods",
      ...["--namespace", namespaceOf(region), "--selector", selector],
    );
  }

  /** `helm test`; what it and its pod printed. */
  async test(region: Region): Promise<string> {
    const words = ["test", releaseName, "--namespace", namespaceOf(region)];
    const { code, stdout, stderr } = await this.#cluster.tryHelm(words, {
      timeoutMs: testTimeoutMs,
    });
    // Helm writes there what the pod of a test has printed.
    if (code === 0) return stderr;
    throw new Error(`helm test of ${region} ended with ${code}: ${stdout}${stderr}`);
  }

  /** Takes a region away; its volumes stay. */
  async uninstall(region: Region): Promise<void> {
    const words = ["uninstall", releaseName, "--namespace", namespaceOf(region)];
    await this.#cluster.helm([...words, "--ignore-not-found"]);
  }

  /** Takes everything away, volumes and namespaces too. */
  async remove(): Promise<void> {
    for (const region of regions) await this.uninstall(region);
    const names = regions.map(namespaceOf);
    const words = ["delete", "namespace", "--ignore-not-found", ...names];
    await this.#cluster.kubectl(words, { timeoutMs: 5 * 60_000 });
  }

  get #foundFile(): string {
    return join(this.#sources.workFolder, "found.json");
  }

  async #storageClass(): Promise<string> {
    const classes = await this.#cluster.objects("storageclasses");
    const standard = classes.find(
      ({ metadata }) => metadata.annotations?.[defaultClass] === "true",
    );
    if (standard !== undefined) return standard.metadata.name;
    throw new Error("the cluster has no default storage class, on which the members' volumes lie");
  }

  /** Where names are answered, if not by pods that the chart's own default knows. */
  async #names(): Promise<object> {
    const namespace = ["--namespace", "kube-system"];
    const services = await this.#cluster.objects("services", ...namespace);
    const dns = services.find(({ metadata }) => metadata.name === "kube-dns");
    if (dns === undefined || dns.spec?.selector !== undefined) return {};
    const text = await this.#cluster.kubectl([
      ...["get", "endpointslices", ...namespace, "--output", "json"],
      ...["--selector", "kubernetes.io/service-name=kube-dns"],
    ]);
    const { items } = JSON.parse(text) as {
      items: { endpoints: { addresses: string[] }[]; ports: { port: number }[] }[];
    };
    const addresses = items.flatMap(({ endpoints }) => endpoints.flatMap((one) => one.addresses));
    return {
      networkPolicy: {
        dns: addresses.map((address) => ({ ipBlock: { cidr: `${address}/32` } })),
        dnsPort: items[0]?.ports[0]?.port,
      },
    };
  }
}
