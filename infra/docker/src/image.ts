/** What one image consists of and how it starts. Dockerfile and root filesystem follow from it. */
export interface Image {
  /** The target in the Dockerfile. */
  readonly name: string;
  /** For people, in one line; becomes the label of the image. */
  readonly purpose: string;
  /** The workspace whose sources and production dependencies lie in {@link appFolder}. */
  readonly workspace: string;
  /** What lies in {@link programsFolder}. */
  readonly programs: readonly Program[];
  /** What is started, without a shell. */
  readonly entrypoint: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Ports it listens on unless it is told otherwise. */
  readonly ports: readonly number[];
}

/** Node, or what the Go module of the toolchain builds. */
export type Program = "node" | EtcdProgram;
export type EtcdProgram = "etcd" | "etcdctl" | "etcdutl";

/** Each by the Go package it is built from. */
export const etcdPackages: Readonly<Record<EtcdProgram, string>> = {
  etcd: "go.etcd.io/etcd/server/v3",
  etcdctl: "go.etcd.io/etcd/etcdctl/v3",
  etcdutl: "go.etcd.io/etcd/etcdutl/v3",
};
const etcdPrograms = Object.keys(etcdPackages) as EtcdProgram[];

/** Where the sources and their dependencies lie; processes start here. */
export const appFolder = "app";
export const programsFolder = "usr/local/bin";
/** Not root; the number that distroless images call nonroot. */
export const userId = 65_532;
/** Everything that is served is drained on it. */
export const stopSignal = "SIGTERM";

/** Node, as entrypoints name it. */
export const nodePath = `/${programsFolder}/node`;
/** Where Node finds what it compiled when the image was made, below {@link appFolder}. */
export const compileCacheFolder = ".compile-cache";

const production = {
  NODE_ENV: "production",
  NODE_COMPILE_CACHE: `/${appFolder}/${compileCacheFolder}`,
  NODE_COMPILE_CACHE_PORTABLE: "1",
};
const metrics = 9_464;
const metricsListen = { HOLDFAST_METRICS_LISTEN: `0.0.0.0:${metrics}` };

/** Every image, in the order of the Dockerfile: what takes long to build comes last. */
export const images: readonly Image[] = [
  service("router", "a region's door", { HOLDFAST_LISTEN: 7_420 }),
  service("coordinator", "the global tier in a region", { HOLDFAST_LISTEN: 7_430 }),
  service("placement", "places locks on shards"),
  service("journal", "a region's history into Kafka"),
  service("auditor", "the record into Postgres", { HOLDFAST_AUDIT_LISTEN: 7_440 }),
  service("archiver", "the record into S3"),
  service("recorder", "a record in memory", { HOLDFAST_AUDIT_LISTEN: 7_440 }),
  {
    name: "cli",
    purpose: "the command line",
    workspace: "libs/cli",
    programs: ["node"],
    entrypoint: [nodePath, "libs/cli/bin/holdfast.js"],
    env: production,
    ports: [],
  },
  {
    name: "etcd",
    purpose: "a shard's etcd, its tools, and its snapshots in S3",
    workspace: "infra/etcd-snapshot",
    programs: ["node", ...etcdPrograms],
    entrypoint: [`/${programsFolder}/etcd`],
    env: production,
    ports: [2_379, 2_380],
  },
];

/** The image of that name; undefined if there is none. */
export function imageNamed(name: string): Image | undefined {
  return images.find((image) => image.name === name);
}

/** `listens`: variables that name where it listens, and the ports they get. */
function service(name: string, what: string, listens: Record<string, number> = {}): Image {
  const addresses = Object.entries(listens).map(([variable, port]) => {
    return [variable, `0.0.0.0:${port}`] as const;
  });
  return {
    name,
    purpose: `${name}: ${what}`,
    workspace: `services/${name}`,
    programs: ["node"],
    entrypoint: [nodePath, `services/${name}/src/main.ts`],
    env: { ...production, ...Object.fromEntries(addresses), ...metricsListen },
    ports: [...Object.values(listens), metrics],
  };
}
