import type { ServerTls } from "./server-tls.ts";

/** One member of an etcd cluster on this machine. */
export interface EtcdMemberAddress {
  /** Unique in its cluster. */
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly dataDir: string;
}

/** Settings all members of a cluster share. */
export interface EtcdSettings {
  /** Keeps members of different clusters from ever joining each other. */
  readonly clusterToken: string;
  /** Bytes the database may grow to before writes answer NOSPACE; etcd's own default is 2 GiB. */
  readonly quotaBytes?: number;
  /** Loses acknowledged writes in a power cut: for tests of speed only, off unless asked for. */
  readonly noFsync?: boolean;
  /**
   * Clients and members show a certificate of the CA to each other; plain text if absent. Etcd
   * reads the certificate again for each connection.
   */
  readonly tls?: ServerTls;
  /** Further flags, as on the command line ("--max-txn-ops=1024"). */
  readonly extraFlags?: readonly string[];
}

export const QUOTA_BYTES_DEFAULT = 2 * 1024 ** 3;

/** A leader lost is replaced in 0.6 to 0.8 s with these, against 1.0 to 1.7 s with etcd's own. */
const HEARTBEAT_MS = 50;
const ELECTION_MS = 500;

/** The command line of `member`, one of `members`; all listen on loopback only. */
export function etcdArguments(
  member: EtcdMemberAddress,
  members: readonly EtcdMemberAddress[],
  settings: EtcdSettings,
): string[] {
  const url = (port: number): string => loopbackUrl(port, settings.tls !== undefined);
  const clientUrl = url(member.clientPort);
  const peerUrl = url(member.peerPort);
  const cluster = members.map((each) => `${each.name}=${url(each.peerPort)}`).join(",");
  return [
    `--name=${member.name}`,
    `--data-dir=${member.dataDir}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=${cluster}`,
    `--initial-cluster-token=${settings.clusterToken}`,
    "--initial-cluster-state=new",
    `--heartbeat-interval=${HEARTBEAT_MS}`,
    `--election-timeout=${ELECTION_MS}`,
    `--quota-backend-bytes=${settings.quotaBytes ?? QUOTA_BYTES_DEFAULT}`,
    // Off: the compaction point is the business of whoever watches from a revision, not of a timer.
    "--auto-compaction-retention=0",
    // A snapshot is written after this many entries; it bounds memory and the replay at a start.
    "--snapshot-count=10000",
    "--max-snapshots=3",
    "--max-wals=3",
    "--logger=zap",
    "--log-level=info",
    "--log-outputs=stderr",
    ...(settings.tls === undefined ? [] : tlsFlags(settings.tls)),
    ...(settings.noFsync === true ? ["--unsafe-no-fsync"] : []),
    ...(settings.extraFlags ?? []),
  ];
}

function tlsFlags({ cert, key, ca }: ServerTls): string[] {
  return ["", "peer-"].flatMap((side) => [
    `--${side}cert-file=${cert}`,
    `--${side}key-file=${key}`,
    `--${side}trusted-ca-file=${ca}`,
    `--${side}client-cert-auth`,
  ]);
}

export function loopbackUrl(port: number, secure = false): string {
  return `${secure ? "https" : "http"}://127.0.0.1:${port}`;
}
