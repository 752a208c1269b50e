import {
  addressSetting,
  clusterSetting,
  processConfig,
  processSettings,
  readEnvironment,
} from "@holdfast/runtime/environment";
import { readTlsConfig } from "@holdfast/runtime/tls-settings";
import { z } from "zod";

/** A shard, and which region it is of. */
export interface RegionShard {
  readonly region: string;
  readonly shard: string;
  /** etcd members. */
  readonly endpoints: readonly string[];
}

/** Some 300 MB. */
const rowsMaxDefault = 50_000;

const notShards = (part: string) => `has a part that is not region/shard=url,url: ${part}`;

/** `us-east-1/s0=http://host:port,http://host:port;us-west-2/s0=…`. */
const regionShardsSetting = z
  .string({ error: "must be set, for example us-east-1/s0=http://127.0.0.1:2379" })
  .transform((text, context): RegionShard[] => {
    const shards: RegionShard[] = [];
    for (const part of text.split(";").filter((each) => each.trim() !== "")) {
      const [, region = "", shard = "", urls = ""] =
        /^\s*([a-z0-9-]{1,64})\/([a-z0-9-]{1,32})=(.+)$/.exec(part) ?? [];
      const endpoints = urls
        .split(",")
        .map((url) => url.trim())
        .filter((url) => url !== "");
      const isTwice = shards.some((each) => each.region === region && each.shard === shard);
      if (endpoints.length === 0 || isTwice) {
        context.addIssue({ code: "custom", message: notShards(part) });
        return z.NEVER;
      }
      shards.push({ region, shard, endpoints });
    }
    if (shards.length > 0) return shards;
    context.addIssue({ code: "custom", message: "names no shard" });
    return z.NEVER;
  });

const schema = z.object({
  HOLDFAST_CLUSTER: clusterSetting,
  HOLDFAST_REGION_SHARDS: regionShardsSetting,
  HOLDFAST_AUDIT_LISTEN: addressSetting.default("127.0.0.1:7440"),
  HOLDFAST_RECORD_ROWS: z.coerce
    .number({ error: "is a number of events" })
    .int()
    .min(1_000)
    .max(10_000_000)
    .default(rowsMaxDefault),
  ...processSettings,
});

/** The configuration of a recorder, from its environment unless `from` says otherwise. */
export function readConfig(from: NodeJS.ProcessEnv = process.env) {
  const environment = readEnvironment(schema, from);
  return {
    cluster: environment.HOLDFAST_CLUSTER,
    shards: environment.HOLDFAST_REGION_SHARDS,
    auditListen: environment.HOLDFAST_AUDIT_LISTEN,
    rowsMax: environment.HOLDFAST_RECORD_ROWS,
    ...processConfig(environment),
    tls: readTlsConfig(from, {
      HOLDFAST_AUDIT_LISTEN: environment.HOLDFAST_AUDIT_LISTEN,
      HOLDFAST_METRICS_LISTEN: environment.HOLDFAST_METRICS_LISTEN,
    }),
  };
}

/** See {@link readConfig}. */
export type RecorderConfig = ReturnType<typeof readConfig>;
