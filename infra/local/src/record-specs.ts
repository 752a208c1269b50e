import { recordingFlags } from "@holdfast/runtime/node-flags";
import type { CertificateFiles, Certificates } from "./certificates.ts";
import type { ProcessGroup } from "./fleet.ts";
import { type Layout, regionEnvironment } from "./layout.ts";
import type { ProcessSpec } from "./managed-process.ts";
import { metricsEnvironment } from "./metrics-layout.ts";
import {
  bucketEnvironment,
  kafkaEnvironment,
  postgresEnvironment,
  type RecordLayout,
  redisEnvironment,
  type StoreLayout,
} from "./record-layout.ts";
import { type PreparedStores, setUpStores } from "./record-stores.ts";
import { type ServiceContext, serviceSpec } from "./service-spec.ts";

/** Scripts for this Node that keep the record. */
export interface RecordPrograms {
  readonly journal: string;
  readonly auditor: string;
  readonly archiver: string;
  readonly recorder: string;
}

/** What the processes of the record are started with. */
export interface RecordContext extends ServiceContext {
  readonly layout: Layout;
  readonly programs: RecordPrograms;
  /** Absent where the record is kept in memory. */
  readonly stores?: PreparedStores | undefined;
  /** Ends what is set up, when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** The processes that keep the record; none where there is none. */
export function recordProcesses(context: RecordContext): ProcessGroup[] {
  const { layout, programs, signal, stores } = context;
  const { record } = layout;
  if (record === undefined) return [];
  const { certificates } = context;
  const archiver = archiverEnvironment(layout, stores, certificates);
  const { stores: ports } = record;
  if (ports === undefined || stores === undefined || archiver === undefined) {
    return [{ stores: [], services: [recorderSpec(context, record)] }];
  }
  return [
    {
      stores: stores.specs,
      setUp: () => setUpStores({ programs, archiver, ports, certificates, signal }),
      services: [
        ...journalSpecs(context, ports),
        auditorSpec(context, record, ports, stores),
        recordingSpec(context, "archiver", programs.archiver, {
          ...archiver,
          ...metricsEnvironment(ports.archiverMetrics),
        }),
      ],
    },
  ];
}

function recorderSpec(context: RecordContext, { endpoint, metrics }: RecordLayout): ProcessSpec {
  const { layout, programs } = context;
  const shards = layout.regions.flatMap(({ region, shards }) =>
    shards.map(({ name, endpoints }) => `${region}/${name}=${endpoints.join(",")}`),
  );
  return recordingSpec(context, "recorder", programs.recorder, {
    HOLDFAST_CLUSTER: layout.cluster,
    HOLDFAST_REGION_SHARDS: shards.join(";"),
    HOLDFAST_AUDIT_LISTEN: endpoint,
    ...(metrics !== undefined && metricsEnvironment(metrics)),
  });
}

function journalSpecs(context: RecordContext, stores: StoreLayout): ProcessSpec[] {
  const { layout, programs } = context;
  return layout.regions.map((own, r) =>
    recordingSpec(context, `journal ${own.region}`, programs.journal, {
      ...regionEnvironment(layout, own),
      ...kafkaEnvironment(stores),
      ...redisEnvironment(stores),
      ...metricsEnvironment(stores.journalMetrics[r] ?? 0),
    }),
  );
}

function auditorSpec(
  context: RecordContext,
  { endpoint }: RecordLayout,
  ports: StoreLayout,
  stores: PreparedStores,
): ProcessSpec {
  const files = context.certificates?.of("auditor");
  return recordingSpec(context, "auditor", context.programs.auditor, {
    HOLDFAST_REGION: context.layout.regions[0]?.region ?? "",
    ...kafkaEnvironment(ports),
    ...postgresEnvironment(ports, files),
    HOLDFAST_AUDIT_LISTEN: endpoint,
    ...metricsEnvironment(ports.auditorMetrics),
    ...archiveEnvironment(ports, stores, files),
  });
}

/** Environment of an archiver, also of one that a person starts; undefined where there is none. */
export function archiverEnvironment(
  layout: Layout,
  stores: PreparedStores | undefined,
  certificates: Certificates | undefined,
): Record<string, string> | undefined {
  const ports = layout.record?.stores;
  if (ports === undefined || stores === undefined) return undefined;
  const files = certificates?.of("archiver");
  return {
    HOLDFAST_REGION: layout.regions[0]?.region ?? "",
    ...postgresEnvironment(ports, files),
    ...archiveEnvironment(ports, stores, files),
  };
}

/** How the bucket of the archive is reached. */
function archiveEnvironment(
  ports: StoreLayout,
  { s3 }: PreparedStores,
  files: CertificateFiles | undefined,
): Record<string, string> {
  return {
    ...bucketEnvironment(ports, files),
    HOLDFAST_S3_REGION: s3.region,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  };
}

/** One of the services that keep the record, on the processors of those that serve locks. */
function recordingSpec(
  context: ServiceContext,
  name: string,
  script: string,
  env: Readonly<Record<string, string>>,
): ProcessSpec {
  return serviceSpec(context, name, script, env, recordingFlags);
}
