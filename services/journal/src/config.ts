import {
  brokersSetting,
  clusterSetting,
  processConfig,
  processSettings,
  readEnvironment,
  redisSetting,
  regionSetting,
  shardsSetting,
} from "@holdfast/runtime/environment";
import { readTlsConfig } from "@holdfast/runtime/tls-settings";
import { z } from "zod";

const schema = z.object({
  HOLDFAST_CLUSTER: clusterSetting,
  HOLDFAST_REGION: regionSetting,
  HOLDFAST_SHARDS: shardsSetting.refine(
    (shards) => shards.every(({ endpoints }) => endpoints.length > 0),
    "must name the etcd members of every shard, for example s0=http://127.0.0.1:2379",
  ),
  HOLDFAST_KAFKA: brokersSetting,
  HOLDFAST_EVENT_PARTITIONS: z.coerce
    .number({ error: "is a number of partitions" })
    .int()
    .min(1)
    .max(10_000)
    .default(1),
  HOLDFAST_REDIS: redisSetting.optional(),
  ...processSettings,
});

/** The configuration of a journal, from its environment unless `from` says otherwise. */
export function readConfig(from: NodeJS.ProcessEnv = process.env) {
  const environment = readEnvironment(schema, from);
  return {
    cluster: environment.HOLDFAST_CLUSTER,
    region: environment.HOLDFAST_REGION,
    shards: environment.HOLDFAST_SHARDS,
    kafka: environment.HOLDFAST_KAFKA,
    partitionsMin: environment.HOLDFAST_EVENT_PARTITIONS,
    redis: environment.HOLDFAST_REDIS,
    ...processConfig(environment),
    tls: readTlsConfig(from, { HOLDFAST_METRICS_LISTEN: environment.HOLDFAST_METRICS_LISTEN }),
  };
}

/** See {@link readConfig}. */
export type JournalConfig = ReturnType<typeof readConfig>;
