import { KafkaEventLog } from "@holdfast/adapter-kafka/kafka-event-log";
import { connectPostgresLedger } from "@holdfast/adapter-postgres/connect-ledger";
import { PostgresLedger } from "@holdfast/adapter-postgres/postgres-ledger";
import { RedisCache } from "@holdfast/adapter-redis/redis-cache";
import { S3Archive } from "@holdfast/adapter-s3/s3-archive";
import { SystemClock } from "@holdfast/base/clock";
import type { TlsFiles, TlsIdentity } from "@holdfast/base/tls/material";
import { OwnIdentity } from "@holdfast/client/grpc/own-identity";
import { until } from "../until.ts";

const clock = new SystemClock();

/** A store whose client is ours. */
export type StoreName = "Kafka" | "Postgres" | "Redis" | "S3";

/** Keys by which S3 knows its clients. */
export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const nobody: S3Keys = { accessKeyId: "key", secretAccessKey: "secret" };

/** A client that is kept over a change of its files. */
export interface KeptStore extends AsyncDisposable {
  /** Asks the store for something: "connected", or what the client says for people. */
  ask(): Promise<string>;
}

type Keep = (
  address: string,
  files: TlsFiles,
  tls: TlsIdentity,
  keys?: S3Keys,
) => Promise<KeptStore>;

/** Clients as services have them, which read `tls` (Postgres: `files`) for each connection. */
export const keptStore: Readonly<Record<StoreName, Keep>> = {
  Kafka: async (address, _files, tls) => {
    const complaints: string[] = [];
    const log = new KafkaEventLog({
      ...{ brokers: [address], clientId: "test", clock, tls },
      ...{ requestTimeoutMs: 2_000, appendTimeoutMs: 2_000 },
      onLog: (message) => complaints.push(message),
    });
    return {
      ask: async () => {
        const reply = await log.checkTopic("none", 1);
        if (reply.kind === "missing") return "connected";
        return [...complaints, "message" in reply ? reply.message : reply.kind].join("; ");
      },
      [Symbol.asyncDispose]: () => log.close(),
    };
  },
  Redis: async (address, _files, tls) => {
    const told: string[] = [];
    const onConnection = (_: string, message: string): void => void told.push(message);
    const cache = new RedisCache({
      url: `rediss://${address}`,
      tls,
      budgetMs: 2_000,
      onConnection,
    });
    return {
      ask: async () => {
        await until("the connection is made or not", () => told.length > 0);
        return told.at(-1) ?? "";
      },
      [Symbol.asyncDispose]: async () => cache.close(),
    };
  },
  Postgres: async (address, { ca, cert, key }) => {
    const shown = cert === undefined || key === undefined ? "" : `&sslcert=${cert}&sslkey=${key}`;
    const query = `sslmode=verify-full&sslrootcert=${ca}${shown}`;
    const url = `postgres://holdfast@${address}/postgres?${query}`;
    const ledger = new PostgresLedger(url);
    return {
      ask: async () => {
        // As a service begins, and the pool it goes on with.
        const reply = await connectPostgresLedger({ url, migrates: true });
        const asked = await ledger.head("none");
        if (reply.kind === "connected") await reply.ledger.close();
        const said = [reply, asked].flatMap((each) => ("message" in each ? [each.message] : []));
        return said.length === 0 ? "connected" : said.join("; ");
      },
      [Symbol.asyncDispose]: () => ledger.close(),
    };
  },
  S3: async (address, _files, tls, keys = nobody) => {
    const archive = new S3Archive({
      ...{ endpoint: `https://${address}`, region: "us-east-1", bucket: "records", tls },
      ...{ credentials: keys, lockMode: "governance", tries: 1 },
    });
    return {
      ask: async () => {
        const reply = await archive.head("none");
        if (reply.kind === "missing") return "connected";
        return "message" in reply ? reply.message : reply.kind;
      },
      [Symbol.asyncDispose]: async () => archive.close(),
    };
  },
};

type Connect = (address: string, files: TlsFiles, keys?: S3Keys) => Promise<string>;

function once(name: StoreName): Connect {
  return async (address, files, keys) => {
    await using store = await keptStore[name](address, files, new OwnIdentity(files), keys);
    // It is closed when this is left.
    return await store.ask();
  };
}

/** One connection to a store; answers as {@link KeptStore.ask} does. */
export const storeClients: Readonly<Record<StoreName, Connect>> = {
  Kafka: once("Kafka"),
  Postgres: once("Postgres"),
  Redis: once("Redis"),
  S3: once("S3"),
};
