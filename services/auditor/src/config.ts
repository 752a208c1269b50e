import {
  addressSetting,
  brokersSetting,
  postgresSetting,
  processConfig,
  processSettings,
  readEnvironment,
  regionSetting,
} from "@holdfast/runtime/environment";
import { z } from "zod";

const schema = z.object({
  HOLDFAST_REGION: regionSetting,
  HOLDFAST_KAFKA: brokersSetting,
  HOLDFAST_POSTGRES: postgresSetting,
  HOLDFAST_AUDIT_LISTEN: addressSetting.optional(),
  ...processSettings,
});

/** The configuration of an auditor, from its environment unless `from` says otherwise. */
export function readConfig(from: NodeJS.ProcessEnv = process.env) {
  const environment = readEnvironment(schema, from);
  return {
    region: environment.HOLDFAST_REGION,
    kafka: environment.HOLDFAST_KAFKA,
    postgres: environment.HOLDFAST_POSTGRES,
    auditListen: environment.HOLDFAST_AUDIT_LISTEN,
    ...processConfig(environment),
  };
}

/** See {@link readConfig}. */
export type AuditorConfig = ReturnType<typeof readConfig>;
