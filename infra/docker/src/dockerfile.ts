import {
  appFolder,
  type EtcdProgram,
  etcdPackages,
  type Image,
  images,
  programsFolder,
  stopSignal,
  userId,
} from "./image.ts";

/** The versions that images are built with unless a build argument says otherwise. */
export const buildArguments = {
  BUILD_IMAGE: "node:24.21.0-bookworm-slim",
  GO_IMAGE: "golang:1.26-bookworm",
  BASE_IMAGE: "gcr.io/distroless/cc-debian12",
} as const;

const main = "infra/docker/src/main.ts";
const isEtcds = (program: string): program is EtcdProgram => Object.hasOwn(etcdPackages, program);

/**
 * The Dockerfile of all images. Nothing in it needs BuildKit, and no line of it needs a shell: the
 * builder before BuildKit builds every stage above the target, so what takes long comes last.
 */
export function dockerfile(): string {
  const plain = images.filter(({ programs }) => !programs.some(isEtcds));
  const withEtcd = images.filter(({ programs }) => programs.some(isEtcds));
  const parts = [
    head,
    buildStages,
    ...plain.map(imageStage),
    etcdStage(),
    ...withEtcd.map(imageStage),
  ];
  return `${parts.join("\n\n")}\n`;
}

const head = `# Written by \`node ${main} dockerfile\`: change infra/docker/src/image.ts, and run that.
#   docker build --target router --file infra/docker/Dockerfile .
${Object.entries(buildArguments)
  .map(([name, standard]) => `ARG ${name}=${standard}`)
  .join("\n")}`;

const buildStages = `# What npm is to install: this stage is new with every change, what it copies is not.
FROM \${BUILD_IMAGE} AS manifests
WORKDIR /repository
COPY . .
RUN ${words("node", main, "manifests", "/manifests")}

FROM \${BUILD_IMAGE} AS build
WORKDIR /repository
COPY --from=manifests /manifests/ ./
# Not npm ci: it refuses a lock without the optional packages of other platforms. What is locked
# is installed as it is locked all the same.
RUN ${words("npm", "install", "--no-save", "--omit=dev", "--ignore-scripts", "--no-fund")}
COPY . .
RUN ${words("node", main, "apps", "/images")}`;

function imageStage(image: Image): string {
  const { name, purpose, programs, entrypoint, env, ports } = image;
  const settings = Object.entries(env).map(([variable, value]) => `${variable}=${value}`);
  return [
    `FROM \${BASE_IMAGE} AS ${name}`,
    `LABEL org.opencontainers.image.title="holdfast-${name}" \\`,
    `      org.opencontainers.image.description="${purpose}" \\`,
    `      org.opencontainers.image.licenses="Apache-2.0"`,
    ...programs.map((program) => {
      const from = isEtcds(program) ? "etcd-build" : "build";
      const path = `/${programsFolder}/${program}`;
      return `COPY --from=${from} ${path} ${path}`;
    }),
    `COPY --from=build /images/${name}/ /`,
    `ENV ${settings.join(" \\\n    ")}`,
    ...(ports.length > 0 ? [`EXPOSE ${ports.join(" ")}`] : []),
    `WORKDIR /${appFolder}`,
    `USER ${userId}:${userId}`,
    `STOPSIGNAL ${stopSignal}`,
    `ENTRYPOINT ${words(...entrypoint)}`,
  ].join("\n");
}

function etcdStage(): string {
  const build = ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o"];
  return [
    `FROM \${GO_IMAGE} AS etcd-build`,
    "WORKDIR /module",
    "ENV CGO_ENABLED=0",
    "COPY infra/toolchain/etcd/ ./",
    ...Object.entries(etcdPackages).map(([program, source]) => {
      return `RUN ${words(...build, `/${programsFolder}/${program}`, source)}`;
    }),
  ].join("\n");
}

/** A command that is started without a shell. */
function words(...args: readonly string[]): string {
  return JSON.stringify(args).replaceAll('","', '", "');
}
