import {
  addressesSetting,
  addressSetting,
  ageSetting,
  clusterSetting,
  hierarchicalSetting,
  peersSetting,
  processConfig,
  processSettings,
  readEnvironment,
  redisSetting,
  regionSetting,
  shardsSetting,
} from "@holdfast/runtime/environment";
import { readTlsConfig } from "@holdfast/runtime/tls-settings";
import { z } from "zod";

const schema = z
  .object({
    HOLDFAST_CLUSTER: clusterSetting,
    HOLDFAST_REGION: regionSetting,
    HOLDFAST_LISTEN: addressSetting.default("127.0.0.1:7420"),
    HOLDFAST_STORE: z.enum(["etcd", "memory"]).default("etcd"),
    HOLDFAST_SHARDS: shardsSetting,
    HOLDFAST_PEERS: peersSetting,
    HOLDFAST_COORDINATORS: addressesSetting,
    HOLDFAST_HIERARCHICAL_NAMESPACES: hierarchicalSetting,
    HOLDFAST_CONNECTION_AGE: ageSetting(1_000, 86_400_000).prefault("30m"),
    HOLDFAST_REFLECTION: z.enum(["on", "off"]).default("on"),
    HOLDFAST_REDIS: redisSetting.optional(),
    HOLDFAST_KAFKA: addressesSetting,
    ...processSettings,
  })
  .refine((set) => set.HOLDFAST_STORE === "etcd" || set.HOLDFAST_COORDINATORS.length === 0, {
    path: ["HOLDFAST_COORDINATORS"],
    error: "needs HOLDFAST_STORE=etcd: a coordinator keeps its votes there",
  })
  .refine((set) => set.HOLDFAST_STORE === "etcd" || set.HOLDFAST_REDIS === undefined, {
    path: ["HOLDFAST_REDIS"],
    error: "needs HOLDFAST_STORE=etcd: it would show locks that a memory store has forgotten",
  });

/** The configuration of a router, from its environment. */
export function readConfig(from: NodeJS.ProcessEnv = process.env) {
  const environment = readEnvironment(schema, from);
  return {
    cluster: environment.HOLDFAST_CLUSTER,
    region: environment.HOLDFAST_REGION,
    listen: environment.HOLDFAST_LISTEN,
    store: environment.HOLDFAST_STORE,
    shards: environment.HOLDFAST_SHARDS,
    peers: environment.HOLDFAST_PEERS,
    coordinators: environment.HOLDFAST_COORDINATORS,
    hierarchical: environment.HOLDFAST_HIERARCHICAL_NAMESPACES,
    connectionAgeMs: environment.HOLDFAST_CONNECTION_AGE,
    reflection: environment.HOLDFAST_REFLECTION === "on",
    redis: environment.HOLDFAST_REDIS,
    kafka: environment.HOLDFAST_KAFKA,
    ...processConfig(environment),
    tls: readTlsConfig(from, {
      HOLDFAST_LISTEN: environment.HOLDFAST_LISTEN,
      HOLDFAST_METRICS_LISTEN: environment.HOLDFAST_METRICS_LISTEN,
    }),
  };
}

/** See {@link readConfig}. */
export type RouterConfig = ReturnType<typeof readConfig>;
