import { defaultLifecycle } from "@holdfast/core/audit/archive-lifecycle";
import { defaultArchiverSettings } from "@holdfast/engine/archiver/archiver";
import {
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
import { ConfigError } from "@holdfast/runtime/service";
import { readTlsConfig } from "@holdfast/runtime/tls-settings";
import { z } from "zod";

const secondMs = 1_000;
const dayMs = 86_400_000;
/** A century. */
const daysMax = 36_500;

/** A whole number from `min` to `max`. */
function wholeSetting(standard: number, min: number, max: number) {
  return z.coerce
    .number({ error: `is a whole number from ${min} to ${max}` })
    .refine((value) => Number.isInteger(value) && value >= min && value <= max, {
      error: `is a whole number from ${min} to ${max}`,
    })
    .default(standard);
}

const { everyMs, closeMs, hotMs, retentionMs, bounds } = defaultArchiverSettings;

const schema = z
  .object({
    HOLDFAST_REGION: regionSetting,
    HOLDFAST_POSTGRES: postgresSetting,
    HOLDFAST_S3_BUCKET: bucketSetting,
    ...s3Settings,
    HOLDFAST_S3_LOCK: z.enum(["governance", "compliance"]).default("governance"),
    HOLDFAST_ARCHIVE_EVERY_S: wholeSetting(everyMs / secondMs, 1, 86_400),
    HOLDFAST_ARCHIVE_CLOSE_S: wholeSetting(closeMs / secondMs, 0, 86_400),
    HOLDFAST_ARCHIVE_HOT_DAYS: wholeSetting(hotMs / dayMs, 1, daysMax),
    HOLDFAST_ARCHIVE_RETENTION_DAYS: wholeSetting(retentionMs / dayMs, 1, daysMax),
    HOLDFAST_ARCHIVE_GLACIER_DAYS: wholeSetting(defaultLifecycle.glacierDays, 1, daysMax),
    HOLDFAST_ARCHIVE_DEEP_DAYS: wholeSetting(defaultLifecycle.deepArchiveDays, 2, daysMax),
    HOLDFAST_ARCHIVE_PART_ROWS: wholeSetting(bounds.rowsMax, 1, bounds.rowsMax),
    ...processSettings,
  })
  .refine(...hasWholeKey)
  .refine(
    (settings) => settings.HOLDFAST_ARCHIVE_GLACIER_DAYS < settings.HOLDFAST_ARCHIVE_DEEP_DAYS,
    { path: ["HOLDFAST_ARCHIVE_DEEP_DAYS"], error: "is more than HOLDFAST_ARCHIVE_GLACIER_DAYS" },
  );

/** What the archiver can be asked to do once, in the order in which it does them. */
export const taskNames = ["--ensure-bucket", "--once", "--verify"] as const;

/** The configuration of the archiver, from its environment, and its tasks from its arguments. */
export function readConfig(
  from: NodeJS.ProcessEnv = process.env,
  args: readonly string[] = process.argv.slice(2),
) {
  const unknown = args.find((arg) => !taskNames.some((name) => name === arg));
  if (unknown !== undefined) {
    throw new ConfigError(`There is no ${unknown}; there are ${taskNames.join(", ")}.`);
  }
  const read = readEnvironment(schema, from);
  return {
    tasks: taskNames.filter((name) => args.includes(name)),
    region: read.HOLDFAST_REGION,
    postgres: read.HOLDFAST_POSTGRES,
    ...processConfig(read),
    tls: readTlsConfig(from, { HOLDFAST_METRICS_LISTEN: read.HOLDFAST_METRICS_LISTEN }),
    store: {
      bucket: read.HOLDFAST_S3_BUCKET,
      lockMode: read.HOLDFAST_S3_LOCK,
      ...s3StoreOf(read),
    },
    bucket: {
      lifecycle: {
        glacierDays: read.HOLDFAST_ARCHIVE_GLACIER_DAYS,
        deepArchiveDays: read.HOLDFAST_ARCHIVE_DEEP_DAYS,
      },
    },
    settings: {
      ...defaultArchiverSettings,
      everyMs: read.HOLDFAST_ARCHIVE_EVERY_S * secondMs,
      closeMs: read.HOLDFAST_ARCHIVE_CLOSE_S * secondMs,
      hotMs: read.HOLDFAST_ARCHIVE_HOT_DAYS * dayMs,
      retentionMs: read.HOLDFAST_ARCHIVE_RETENTION_DAYS * dayMs,
      bounds: { ...bounds, rowsMax: read.HOLDFAST_ARCHIVE_PART_ROWS },
    },
  };
}

/** See {@link readConfig}. */
export type ArchiverConfig = ReturnType<typeof readConfig>;
