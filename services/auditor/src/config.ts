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
import { z } from "zod";

const schema = z
  .object({
    HOLDFAST_REGION: regionSetting,
    HOLDFAST_KAFKA: addressesSetting.refine((brokers) => brokers.length > 0, {
      error: "must be set, for example 127.0.0.1:9092",
    }),
    HOLDFAST_POSTGRES: z
      .string({ error: "must be set, for example postgres://holdfast@127.0.0.1:5432/postgres" })
      .regex(/^postgres(ql)?:\/\/\S+$/, "is postgres://user:password@host:port/database"),
    HOLDFAST_AUDIT_LISTEN: addressSetting.optional(),
    HOLDFAST_METRICS_LISTEN: addressSetting.optional(),
    HOLDFAST_LOG_LEVEL: logLevelSetting,
    HOLDFAST_S3_BUCKET: bucketSetting.optional(),
    ...s3Settings,
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
    metricsListen: environment.HOLDFAST_METRICS_LISTEN,
    /** Absent: what lies in the archive is not read. */
    archive: bucket === undefined ? undefined : { bucket, ...s3StoreOf(environment) },
    logLevel: environment.HOLDFAST_LOG_LEVEL,
  };
}

/** See {@link readConfig}. */
export type AuditorConfig = ReturnType<typeof readConfig>;
