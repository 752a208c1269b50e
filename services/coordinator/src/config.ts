import {
  addressSetting,
  clusterSetting,
  peersSetting,
  processConfig,
  processSettings,
  readEnvironment,
  regionSetting,
  shardsSetting,
} from "@holdfast/runtime/environment";
import { readTlsConfig } from "@holdfast/runtime/tls-settings";
import { z } from "zod";

const others = 2;

const schema = z
  .object({
    HOLDFAST_CLUSTER: clusterSetting,
    HOLDFAST_REGION: regionSetting,
    HOLDFAST_LISTEN: addressSetting.default("127.0.0.1:7430"),
    HOLDFAST_SHARDS: shardsSetting,
    HOLDFAST_PEERS: peersSetting,
    HOLDFAST_DELEGATION: z.enum(["on", "off"]).default("on"),
    HOLDFAST_REFLECTION: z.enum(["on", "off"]).default("on"),
    ...processSettings,
  })
  .check(({ value, issues }) => {
    const { HOLDFAST_PEERS: peers, HOLDFAST_REGION: region } = value;
    const refuse = (message: string) => {
      issues.push({ code: "custom", path: ["HOLDFAST_PEERS"], message, input: value });
    };
    if (peers.has(region)) refuse(`names ${region}, which is this coordinator's own region`);
    else if (peers.size !== others) {
      refuse(
        `names ${peers.size} regions: the global tier has three, so it names the coordinators of ` +
          "the two others, for example us-west-2=10.0.1.5:7430;eu-west-1=10.0.2.5:7430",
      );
    }
  });

/** The configuration of a coordinator, from its environment unless `from` says otherwise. */
export function readConfig(from: NodeJS.ProcessEnv = process.env) {
  const environment = readEnvironment(schema, from);
  return {
    cluster: environment.HOLDFAST_CLUSTER,
    region: environment.HOLDFAST_REGION,
    listen: environment.HOLDFAST_LISTEN,
    shards: environment.HOLDFAST_SHARDS,
    peers: environment.HOLDFAST_PEERS,
    delegation: environment.HOLDFAST_DELEGATION === "on",
    reflection: environment.HOLDFAST_REFLECTION === "on",
    ...processConfig(environment),
    tls: readTlsConfig(from, {
      HOLDFAST_LISTEN: environment.HOLDFAST_LISTEN,
      HOLDFAST_METRICS_LISTEN: environment.HOLDFAST_METRICS_LISTEN,
    }),
  };
}

/** See {@link readConfig}. */
export type CoordinatorConfig = ReturnType<typeof readConfig>;
