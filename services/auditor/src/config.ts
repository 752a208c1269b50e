import {
  addressSetting,
  brokersSetting,
  postgresSetting,
  processConfig,
  processSettings,
  readEnvironment,
  regionSetting,
} from "@holdfast/runtime/environment";
import {
  bucketSetting,
  hasWholeKey,
  s3Settings,
  s3StoreOf,
} from "@holdfast/runtime/s3-environment";
import { readTlsConfig } from "@holdfast/runtime/tls-settings";
import { z } from "zod";

const schema = z
  .object({
    HOLDFAST_REGION: regionSetting,
    HOLDFAST_KAFKA: brokersSetting,
    HOLDFAST_POSTGRES: postgresSetting,
    HOLDFAST_S3_BUCKET: bucketSetting.optional(),
    ...s3Settings,
    HOLDFAST_AUDIT_LISTEN: addressSetting.optional(),
    ...processSettings,
  })
  .refine(...hasWholeKey);

/** The configuration of an auditor, from its environment unless `from` says otherwise. */
export function readConfig(from: NodeJS.ProcessEnv = process.env) {
  const environment = readEnvironment(schema, from);
  const { HOLDFAST_S3_BUCKET: bucket } = environment;
  return {
    region: environment.HOLDFAST_REGION,
    kafka: environment.HOLDFAST_KAFKA,
    postgres: environment.HOLDFAST_POSTGRES,
    auditListen: environment.HOLDFAST_AUDIT_LISTEN,
    /** Absent: what lies in the archive is not read. */
    archive: bucket === undefined ? undefined : { bucket, ...s3StoreOf(environment) },
    ...processConfig(environment),
    tls: readTlsConfig(from, {
      HOLDFAST_AUDIT_LISTEN: environment.HOLDFAST_AUDIT_LISTEN,
      HOLDFAST_METRICS_LISTEN: environment.HOLDFAST_METRICS_LISTEN,
    }),
  };
}

/** See {@link readConfig}. */
export type AuditorConfig = ReturnType<typeof readConfig>;
