import {
  clusterSetting,
  hierarchicalSetting,
  processConfig,
  processSettings,
  readEnvironment,
  regionSetting,
  shardsSetting,
} from "@holdfast/runtime/environment";
import { readTlsConfig } from "@holdfast/runtime/tls-settings";
import { z } from "zod";

const schema = z.object({
  HOLDFAST_CLUSTER: clusterSetting,
  HOLDFAST_REGION: regionSetting,
  HOLDFAST_SHARDS: shardsSetting,
  HOLDFAST_HIERARCHICAL_NAMESPACES: hierarchicalSetting,
  ...processSettings,
});

/**
 * The configuration of the placement service, from its environment unless `from` says otherwise.
 */
export function readConfig(from: NodeJS.ProcessEnv = process.env) {
  const environment = readEnvironment(schema, from);
  return {
    cluster: environment.HOLDFAST_CLUSTER,
    region: environment.HOLDFAST_REGION,
    shards: environment.HOLDFAST_SHARDS,
    hierarchical: environment.HOLDFAST_HIERARCHICAL_NAMESPACES,
    ...processConfig(environment),
    tls: readTlsConfig(from, { HOLDFAST_METRICS_LISTEN: environment.HOLDFAST_METRICS_LISTEN }),
  };
}

/** See {@link readConfig}. */
export type PlacementConfig = ReturnType<typeof readConfig>;
