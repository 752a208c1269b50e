import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { etcdStatus, isEtcdHealthy } from "@holdfast/toolchain/etcd-health";
import { freePorts } from "@holdfast/toolchain/free-ports";
import type { Wan } from "../../relay/wan.ts";
import { eventually, type ServerProcess, spawnServer } from "../servers/spawn-server.ts";

/** One etcd cluster with a member in each region, its members an ocean apart. */
export interface StretchedEtcd extends AsyncDisposable {
  /** URL of the member of a region. */
  urlOf(region: string): string;
  pids(): readonly number[];
  /** The region whose member leads. */
  leaderRegion(): Promise<string>;
  /** Makes the member of `region` the leader. */
  lead(region: string): Promise<void>;
}

/** As etcd's tuning guide wants them where the longest round trip is 135 ms. */
const heartbeatMs = 150;
const electionMs = 1_500;
const startMsMax = 60_000;
const leadMsMax = 10_000;

interface Member {
  readonly region: string;
  readonly url: string;
  readonly process: ServerProcess;
}

/**
 * Starts a member in each region of `wan`. All members are told the same addresses of each other,
 * and yet each pair has a way of its own: the addresses are sockets in the folder a member runs in.
 */
export async function startStretchedEtcd(
  wan: Wan,
  binary: string,
  folder: string,
): Promise<StretchedEtcd> {
  const { regions } = wan;
  const ports = await freePorts(regions.length);
  const folderOf = (region: string): string => join(folder, region);
  for (const region of regions) mkdirSync(folderOf(region), { recursive: true });
  for (const from of regions) {
    for (const to of regions) {
      if (from === to) continue;
      await wan.dialSocket(
        from,
        to,
        join(folderOf(from), socketOf(to)),
        join(folderOf(to), socketOf(to)),
      );
    }
  }
  const members = regions.map((region, index): Member => {
    const url = `http://127.0.0.1:${ports[index] ?? 0}`;
    const cwd = folderOf(region);
    const args = memberArguments(region, regions, url);
    return { region, url, process: spawnServer(binary, args, { logPath: join(cwd, "log"), cwd }) };
  });
  const stop = async (): Promise<void> => {
    await Promise.all(members.map((member) => member.process.stop()));
  };
  try {
    await Promise.all(members.map(({ url }) => eventually(() => healthy(url), startMsMax)));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    urlOf: (region) => memberOf(members, region).url,
    pids: () => members.map((member) => member.process.pid),
    leaderRegion: async () => (await leaderOf(members)).region,
    lead: (region) => eventually(() => transfer(members, region), leadMsMax),
    [Symbol.asyncDispose]: stop,
  };
}

function memberArguments(region: string, regions: readonly string[], url: string): string[] {
  const peer = peerUrl(region);
  return [
    ...[`--name=${region}`, "--data-dir=data", "--initial-cluster-token=stretched"],
    ...[`--listen-client-urls=${url}`, `--advertise-client-urls=${url}`],
    ...[`--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
    `--initial-cluster=${regions.map((each) => `${each}=${peerUrl(each)}`).join(",")}`,
    ...[`--heartbeat-interval=${heartbeatMs}`, `--election-timeout=${electionMs}`],
    ...["--auto-compaction-retention=0", "--log-outputs=stderr"],
  ];
}

function socketOf(region: string): string {
  return `${region}:1`;
}

function peerUrl(region: string): string {
  return `unix://${socketOf(region)}`;
}

async function healthy(url: string): Promise<void> {
  if (!(await isEtcdHealthy(url))) throw new Error(`the etcd at ${url} is not healthy`);
}

function memberOf(members: readonly Member[], region: string): Member {
  const found = members.find((member) => member.region === region);
  if (found === undefined) throw new Error(`no member of the cluster is in ${region}`);
  return found;
}

async function leaderOf(members: readonly Member[]): Promise<Member> {
  const states = await Promise.all(members.map(({ url }) => etcdStatus(url)));
  const index = states.findIndex(
    (state) => state !== undefined && state.memberId === state.leaderId,
  );
  const leader = members[index];
  if (leader === undefined) throw new Error("the stretched cluster has no leader");
  return leader;
}

async function transfer(members: readonly Member[], region: string): Promise<void> {
  const leader = await leaderOf(members);
  if (leader.region === region) return;
  const heir = await etcdStatus(memberOf(members, region).url);
  await fetch(new URL("/v3/maintenance/transfer-leadership", leader.url), {
    method: "POST",
    body: JSON.stringify({ targetID: heir?.memberId }),
  });
  await sleep(500);
  const now = await leaderOf(members);
  if (now.region !== region) throw new Error(`${now.region} leads, not ${region}`);
}
