import { z } from "zod";
import { ConfigError } from "./service.ts";

/** Endpoints of one shard, as `HOLDFAST_SHARDS` names them. */
export interface ShardConfig {
  readonly name: string;
  /** Share of the key space relative to the other shards. */
  readonly weight: number;
  /** etcd members; empty with the memory store. */
  readonly endpoints: readonly string[];
}

/** Stands in place of a region where all of them decide together: no region may be called so. */
const globalName = "global";
const notGlobal = `is a region's name, and "${globalName}" means the locks of all regions`;

/** The name of the whole installation. */
export const clusterSetting = z.string().min(1).default("holdfast");

/** A region's name. */
export const regionSetting = z
  .string({ error: "must be set, for example us-east-1" })
  .regex(/^[a-z0-9-]{1,64}$/, "is 1 to 64 characters of a-z 0-9 and -")
  .refine((name) => name !== globalName, notGlobal);

/** `s0=http://host:port,http://host:port;s1*2=…`: name, optional weight, etcd members. */
export const shardsSetting = z
  .string({ error: "must be set, for example s0=http://127.0.0.1:2379;s1=http://127.0.0.1:2479" })
  .transform((text, context) => {
    const shards: ShardConfig[] = [];
    for (const part of text.split(";").filter((each) => each.trim() !== "")) {
      const match = /^\s*([a-z0-9-]{1,32})(?:\*(\d+(?:\.\d+)?))?(?:=(.*))?$/.exec(part);
      const name = match?.[1];
      if (name === undefined || shards.some((shard) => shard.name === name)) {
        context.addIssue({
          code: "custom",
          message: `has a part that is not name=url,url: ${part}`,
        });
        return z.NEVER;
      }
      const endpoints = (match?.[3] ?? "").split(",").map((url) => url.trim());
      shards.push({
        name,
        weight: Number(match?.[2] ?? 1),
        endpoints: endpoints.filter((url) => url !== ""),
      });
    }
    if (shards.length > 0) return shards;
    context.addIssue({ code: "custom", message: "names no shard" });
    return z.NEVER;
  });

/** `us-west-2=host:port,host:port;eu-west-1=…`: the servers of the other regions. */
export const peersSetting = z
  .string()
  .default("")
  .transform((text, context) => {
    const peers = new Map<string, readonly string[]>();
    for (const part of text.split(";").filter((each) => each.trim() !== "")) {
      const [region, addresses] = part.split("=");
      const list = (addresses ?? "").split(",").filter((address) => /^\S+:\d+$/.test(address));
      if (region === undefined || !/^[a-z0-9-]+$/.test(region.trim()) || list.length === 0) {
        context.addIssue({
          code: "custom",
          message: `has a part that is not region=host:port: ${part}`,
        });
        return z.NEVER;
      }
      if (region.trim() === globalName) {
        context.addIssue({ code: "custom", message: notGlobal });
        return z.NEVER;
      }
      peers.set(region.trim(), list);
    }
    return peers;
  });

/** `host:port,host:port`; empty where there are none. */
export const addressesSetting = z
  .string()
  .default("")
  .transform((text, context) => {
    const addresses = text.split(",").map((address) => address.trim());
    const named = addresses.filter((address) => address !== "");
    if (named.every((address) => /^\S+:\d{1,5}$/.test(address))) return named;
    context.addIssue({ code: "custom", message: `is host:port,host:port and not ${text}` });
    return z.NEVER;
  });

/** `host:port,host:port` of Kafka, where a service is nothing without it. */
export const brokersSetting = addressesSetting.refine((brokers) => brokers.length > 0, {
  error: "must be set, for example 127.0.0.1:9092",
});

/** Not told in any complaint: it may hold a password. */
export const postgresSetting = z
  .string({ error: "must be set, for example postgres://holdfast@127.0.0.1:5432/postgres" })
  .regex(/^postgres(ql)?:\/\/\S+$/, "is postgres://user:password@host:port/database");

/** Not told in any complaint: it may hold a password. */
export const redisSetting = z
  .string()
  .regex(/^rediss?:\/\/[^\s/]+(\/\d+)?$/, "is redis://user:password@host:port/database");

/** `tree,files`: the namespaces whose locks have locks above them. */
export const hierarchicalSetting = z
  .string()
  .default("tree")
  .transform((text) => text.split(",").filter((namespace) => namespace !== ""));

/** `host:port`. */
export const addressSetting = z
  .string()
  .regex(/^\S+:\d{1,5}$/, "is host:port, for example 127.0.0.1:7420");

/** `90s`, `30m`, `2h` as ms, from `minMs` to `maxMs`; undefined for `off`. */
export function ageSetting(minMs: number, maxMs: number) {
  return z.string().transform((text, context) => {
    if (text === "off") return undefined;
    const [, number, unit = ""] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
    const ms = Number(number) * (unitMs[unit] ?? Number.NaN);
    if (ms >= minMs && ms <= maxMs) return ms;
    const range = `${minMs / 1_000}s to ${maxMs / 3_600_000}h`;
    const message = `is off, or a time from ${range} such as 30m, and not ${text}`;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** Level of the log. */
export const logLevelSetting = z
  .enum(["trace", "debug", "info", "warn", "error", "silent"])
  .default("info");

/** How a process is watched; spread into the schema of its service. */
export const processSettings = {
  HOLDFAST_METRICS_LISTEN: addressSetting.optional(),
  HOLDFAST_TRACES_ENDPOINT: z
    .string()
    .regex(/^https?:\/\/[^\s/]+$/, "is http://host:port or https://host:port of a collector")
    .optional(),
  HOLDFAST_TRACES_SAMPLE: z.coerce
    .number({ error: "is a number from 0 to 1" })
    .min(0, "is a number from 0 to 1")
    .max(1, "is a number from 0 to 1")
    .default(0.001),
  HOLDFAST_LOG_LEVEL: logLevelSetting,
};

/** Where traces go, and how many of those that begin here are kept: 0 (none) to 1 (all). */
export interface TracesConfig {
  readonly endpoint: string;
  readonly sample: number;
}

/** What {@link processSettings} were set to. */
export function processConfig(environment: z.output<z.ZodObject<typeof processSettings>>) {
  const endpoint = environment.HOLDFAST_TRACES_ENDPOINT;
  const sample = environment.HOLDFAST_TRACES_SAMPLE;
  const traces: TracesConfig | undefined =
    endpoint === undefined ? undefined : { endpoint, sample };
  return {
    metricsListen: environment.HOLDFAST_METRICS_LISTEN,
    traces,
    logLevel: environment.HOLDFAST_LOG_LEVEL,
  };
}

/** Checks the environment against `schema`; every complaint names its variable. */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): z.output<Schema> {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const complaints = parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  throw new ConfigError(`The configuration cannot be used:\n  ${complaints.join("\n  ")}`);
}
