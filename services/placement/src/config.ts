import {
  clusterSetting,
  hierarchicalSetting,
  processConfig,
  processSettings,
  readEnvironment,
  regionSetting,
  shardsSetting,
} from "@holdfast/runtime/environment";
import { z } from "zod";

const schema = z.object({
  HOLDFAST_CLUSTER: clusterSetting,
  HOLDFAST_REGION: regionSetting,
  HOLDFAST_SHARDS: shardsSetting,
  HOLDFAST_HIERARCHICAL_NAMESPACES: hierarchicalSetting,
  ...processSettings,
});

/** The configuration of the placement service, from its environment. */
export function readConfig() {
  const environment = readEnvironment(schema, process.env);
  return {
    cluster: environment.HOLDFAST_CLUSTER,
    region: environment.HOLDFAST_REGION,
    shards: environment.HOLDFAST_SHARDS,
    hierarchical: environment.HOLDFAST_HIERARCHICAL_NAMESPACES,
    ...processConfig(environment),
  };
}

/** See {@link readConfig}. */
export type PlacementConfig = ReturnType<typeof readConfig>;
