import type { S3FilesOptions } from "@holdfast/adapter-s3/s3-files";
import { isTlsFault, readTlsFiles, type TlsIdentity } from "@holdfast/base/tls/material";

/** Settings that cannot be used; the message names the variable. */
export class SettingsError extends Error {
  override readonly name = "SettingsError";
}

/** For both directions. */
interface SharedSettings {
  readonly bucket: S3FilesOptions;
  /** A folder with room for a whole snapshot. */
  readonly workDir: string;
}

/** What is needed to take a snapshot. */
export interface SaveSettings extends SharedSettings {
  /** Client URLs of the shard's members; the first that gives a snapshot is taken. */
  readonly endpoints: readonly string[];
  /** Goes before the object's name, which is the time. */
  readonly prefix: string;
}

/** What is needed to fill the folder of one member. */
export interface RestoreSettings extends SharedSettings {
  readonly object: string;
  /** The member's folder; it must not be there, or be that of a member. */
  readonly dataDir: string;
  readonly member: string;
  readonly peerUrl: string;
  /** As `--initial-cluster`. */
  readonly initialCluster: string;
  /** Another one than that of the cluster the snapshot is of. */
  readonly clusterToken: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads what `save` needs from the environment. */
export function saveSettings(from: Environment): SaveSettings {
  return {
    ...sharedSettings(from),
    endpoints: required(from, "SNAPSHOT_ENDPOINTS").split(","),
    prefix: required(from, "SNAPSHOT_PREFIX"),
  };
}

/** Reads what `restore` needs from the environment. */
export function restoreSettings(from: Environment): RestoreSettings {
  return {
    ...sharedSettings(from),
    object: required(from, "SNAPSHOT_OBJECT"),
    dataDir: required(from, "SNAPSHOT_DATA_DIR"),
    member: required(from, "SNAPSHOT_MEMBER"),
    peerUrl: required(from, "SNAPSHOT_PEER_URL"),
    initialCluster: required(from, "SNAPSHOT_INITIAL_CLUSTER"),
    clusterToken: required(from, "SNAPSHOT_CLUSTER_TOKEN"),
  };
}

function sharedSettings(from: Environment): SharedSettings {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = from;
  const endpoint = from.SNAPSHOT_S3_ENDPOINT;
  const tls = authorityOf(from.SNAPSHOT_S3_TLS_CA, endpoint);
  return {
    workDir: required(from, "SNAPSHOT_WORK_DIR"),
    bucket: {
      bucket: required(from, "SNAPSHOT_BUCKET"),
      region: required(from, "SNAPSHOT_S3_REGION"),
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(tls === undefined ? {} : { tls }),
      ...(accessKeyId === undefined || secretAccessKey === undefined
        ? {}
        : { credentials: { accessKeyId, secretAccessKey } }),
    },
  };
}

/** Whom to believe to be the store; read once, for one snapshot. */
function authorityOf(
  ca: string | undefined,
  endpoint: string | undefined,
): TlsIdentity | undefined {
  if (ca === undefined || ca === "") return undefined;
  if (endpoint?.startsWith("http:")) {
    throw new SettingsError(
      "SNAPSHOT_S3_TLS_CA is set, and SNAPSHOT_S3_ENDPOINT is in plain text.",
    );
  }
  const current = readTlsFiles({ ca });
  if (isTlsFault(current)) {
    throw new SettingsError(`SNAPSHOT_S3_TLS_CA cannot be used: ${current.message}.`);
  }
  return { current, onChange: () => () => {} };
}

function required(from: Environment, name: string): string {
  const value = from[name];
  if (value === undefined || value === "") throw new SettingsError(`${name} must be set.`);
  return value;
}
