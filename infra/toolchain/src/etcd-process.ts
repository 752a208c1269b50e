import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type EtcdMemberAddress, etcdArguments } from "./etcd-command.ts";
import { EtcdMember } from "./etcd-member.ts";
import { freePorts, refuseTakenPorts } from "./free-ports.ts";
import type { ServerTls } from "./server-tls.ts";

/** Ports of a cluster, one each per member. */
export interface EtcdPorts {
  readonly client: readonly number[];
  readonly peer: readonly number[];
}

export interface EtcdClusterOptions {
  /** The etcd executable, from `findTool("etcd")`. */
  readonly binary: string;
  /** How many members; 1 or 3. */
  readonly members: 1 | 3;
  /** Data, logs and the ports chosen lie here; a second start in the same place finds its data. */
  readonly dataDir: string;
  /** Chosen free, and kept for the next start in the same place, if absent. */
  readonly ports?: EtcdPorts;
  /** Database size at which writes answer NOSPACE, in bytes; 2 GiB if absent. */
  readonly quotaBytes?: number;
  /** Faster and unsafe in a power cut (a kill -9 is harmless): see etcd-command.ts. */
  readonly noFsync?: boolean;
  /** Clients and members show a certificate of the CA to each other; plain text if absent. */
  readonly tls?: ServerTls;
  /** Further etcd flags, as on the command line. */
  readonly extraFlags?: readonly string[];
  /** How long all members together may take to become healthy; 30,000 if absent. */
  readonly startTimeoutMs?: number;
}

/** A running cluster. `await using` stops it. */
export interface EtcdCluster extends AsyncDisposable {
  /** Client URLs of all members, as HOLDFAST_SHARDS and etcd clients want them. */
  readonly endpoints: readonly string[];
  readonly members: readonly EtcdMember[];
  readonly ports: EtcdPorts;
  /** The member that leads, after up to `timeoutMs` of election; throws when there is none. */
  leader(timeoutMs?: number): Promise<EtcdMember>;
  /** Waits until every member is healthy; throws with the log's tail of one that is not. */
  waitHealthy(timeoutMs?: number): Promise<void>;
  /** Ends all members. The data stays. */
  stop(): Promise<void>;
}

const PORT_RACE_TRIES = 4;

/**
 * Starts an etcd cluster on loopback and waits until it is healthy. Throws with the log's tail
 * when it does not get there. The processes end with this one, kill -9 of this one excepted.
 */
export async function startEtcdCluster(options: EtcdClusterOptions): Promise<EtcdCluster> {
  const dataDir = isAbsolute(options.dataDir) ? options.dataDir : resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const portsFile = join(dataDir, "ports.json");
  const isFresh = !existsSync(portsFile);
  for (let tries = 1; ; tries++) {
    const given = options.ports ?? recordedPorts(portsFile);
    if (given !== undefined) await refuseTakenPorts([...given.client, ...given.peer]);
    const ports = given ?? (await choosePorts(options.members));
    const cluster = launch(options, dataDir, ports);
    const failed = await firstUnhealthy(cluster.members, options.startTimeoutMs ?? 30_000);
    if (failed === undefined) {
      writeFileSync(portsFile, JSON.stringify(ports));
      return cluster;
    }
    const failure = failed.describeFailure();
    await cluster.stop();
    // Someone took a port between our look and etcd's bind. Only a fresh cluster may move: an
    // older one has its peer addresses written in its data.
    const mayMove = isFresh && options.ports === undefined && tries < PORT_RACE_TRIES;
    if (!mayMove || !failure.includes("address already in use")) throw new Error(failure);
    for (const member of cluster.members) await member.wipe();
  }
}

async function choosePorts(members: number): Promise<EtcdPorts> {
  const ports = await freePorts(members * 2);
  return { client: ports.slice(0, members), peer: ports.slice(members) };
}

function recordedPorts(file: string): EtcdPorts | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as EtcdPorts;
  } catch {
    return undefined;
  }
}

function launch(options: EtcdClusterOptions, dataDir: string, ports: EtcdPorts): EtcdCluster {
  if (ports.client.length !== options.members || ports.peer.length !== options.members) {
    throw new Error(
      `ports for ${ports.client.length} members, but ${options.members} are to start`,
    );
  }
  const addresses = ports.client.map((clientPort, i): EtcdMemberAddress => {
    const name = `m${i}`;
    return { name, clientPort, peerPort: ports.peer[i] as number, dataDir: join(dataDir, name) };
  });
  // The peer ports differ between clusters on one machine, and so does the token.
  const settings = { ...options, clusterToken: `holdfast-${ports.peer.join("-")}` };
  const members = addresses.map((address) => {
    const args = etcdArguments(address, addresses, settings);
    const log = join(dataDir, "logs", `${address.name}.log`);
    return new EtcdMember(options.binary, address, args, log, options.tls);
  });
  for (const member of members) member.start();

  const stop = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.stop()));
  };
  return {
    endpoints: members.map((member) => member.clientUrl),
    members,
    ports,
    leader: (timeoutMs = 10_000) => findLeader(members, timeoutMs),
    waitHealthy: async (timeoutMs = 30_000) => {
      const failed = await firstUnhealthy(members, timeoutMs);
      if (failed !== undefined) throw new Error(failed.describeFailure());
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function firstUnhealthy(
  members: readonly EtcdMember[],
  timeoutMs: number,
): Promise<EtcdMember | undefined> {
  const healthy = await Promise.all(members.map((member) => member.waitReady(timeoutMs)));
  const index = healthy.indexOf(false);
  // A member that ended says more about the failure than one that waits for it.
  return index < 0 ? undefined : (members.find((member) => !member.running) ?? members[index]);
}

async function findLeader(members: readonly EtcdMember[], timeoutMs: number): Promise<EtcdMember> {
  const deadline = performance.now() + timeoutMs;
  while (performance.now() < deadline) {
    const states = await Promise.all(members.map((member) => member.status()));
    const index = states.findIndex((status) => status?.memberId === status?.leaderId && status);
    const leader = members[index];
    if (leader !== undefined) return leader;
    await sleep(50);
  }
  throw new Error(`no leader within ${timeoutMs} ms`);
}
