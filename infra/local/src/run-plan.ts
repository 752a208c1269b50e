import { randomBytes } from "node:crypto";
import type { EtcdPorts } from "@holdfast/toolchain/etcd-process";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { contradiction, DATA_VERSION, type DataDirRecord, type EtcdData } from "./data-dir.ts";
import {
  coordinatorPortsFrom,
  etcdPortsFrom,
  type Layout,
  type LayoutInput,
  planLayout,
  whyNoGlobalLocks,
} from "./layout.ts";
import { metricsAddresses } from "./metrics-addresses.ts";
import { METRICS_PORTS, metricsPortsFrom } from "./metrics-layout.ts";
import { REGIONS_DEFAULT, SHARDS_DEFAULT, type StartOptions } from "./options.ts";
import type { NeededPort } from "./port-conflict.ts";
import { planRecord, recordPortCount, recordPorts, recordPortsFrom } from "./record-layout.ts";
import type { Refusal } from "./refusal.ts";

/** What a start will do, decided from the options and from what the data directory remembers. */
export interface RunPlan {
  readonly kind: "plan";
  readonly layout: Layout;
  readonly ports: readonly NeededPort[];
  /** What version.json must say before anything is started. */
  readonly record: DataDirRecord;
}

const NO_PORTS: EtcdPorts = { client: [], peer: [] };

/** Plans a run, or refuses when the options contradict the data. */
export async function planRun(
  options: StartOptions,
  store: "etcd" | "memory",
  known: DataDirRecord | undefined,
  release: string,
): Promise<RunPlan | Refusal> {
  const base = known ?? { dataVersion: DATA_VERSION, madeBy: release };
  if (store === "memory") return planMemory(options, base);
  if (known?.etcd !== undefined) {
    const refused = contradiction(options, known.etcd, options.dataDir);
    if (refused !== undefined) return refused;
  }
  const data = { ...(known?.etcd ?? (await freshData(options))), tls: options.tls };
  const { client, peer } = data.ports;
  const etcdPorts = [...client, ...peer];
  const servicePorts = await chooseServicePorts(options, data.regions.length, store, etcdPorts);
  const layout = planLayout({
    ...data,
    store,
    ...servicePorts,
    etcdPorts: data.ports,
    dataDir: options.dataDir,
  });
  const ports = neededPorts(layout, known?.etcd !== undefined);
  return { kind: "plan", layout, ports, record: { ...base, etcd: data } };
}

async function planMemory(options: StartOptions, record: DataDirRecord): Promise<RunPlan> {
  const regions = options.regions ?? REGIONS_DEFAULT;
  const layout = planLayout({
    cluster: newClusterName(),
    store: "memory",
    regions,
    shards: options.shards ?? SHARDS_DEFAULT,
    members: 0,
    tls: options.tls,
    ...(await chooseServicePorts(options, regions.length, "memory", [])),
    etcdPorts: NO_PORTS,
    dataDir: options.dataDir,
  });
  return { kind: "plan", layout, ports: neededPorts(layout, false), record };
}

async function freshData(options: StartOptions): Promise<EtcdData> {
  const regions = options.regions ?? REGIONS_DEFAULT;
  const shards = options.shards ?? SHARDS_DEFAULT;
  const members = options.members ?? 1;
  const count = regions.length * shards * members;
  const ports =
    options.portBase === 0 ? await anyEtcdPorts(count) : etcdPortsFrom(options.portBase, count);
  return { cluster: newClusterName(), regions, shards, members, ports };
}

async function anyEtcdPorts(count: number): Promise<EtcdPorts> {
  const ports = await freePorts(count * 2);
  return { client: ports.slice(0, count), peer: ports.slice(count) };
}

async function chooseServicePorts(
  options: StartOptions,
  regions: number,
  store: "etcd" | "memory",
  etcdPorts: readonly number[],
): Promise<Pick<LayoutInput, "routerPorts" | "coordinatorPorts" | "metricsPorts" | "record">> {
  const { portBase, audit, tls } = options;
  const coordinators = whyNoGlobalLocks(store, regions) === undefined ? regions : 0;
  const record = store === "etcd" ? recordPortCount(audit, regions) : 0;
  const metrics = regions * METRICS_PORTS;
  const count = regions + coordinators + metrics + record;
  const any = portBase === 0 ? await freePorts(count, etcdPorts) : undefined;
  const routerPorts =
    any?.splice(0, regions) ?? Array.from({ length: regions }, (_, i) => portBase + i);
  const coordinatorPorts =
    any?.splice(0, coordinators) ?? coordinatorPortsFrom(portBase, coordinators);
  const metricsPorts = any?.splice(0, metrics) ?? metricsPortsFrom(portBase, regions);
  const ofRegions = { routerPorts, coordinatorPorts, metricsPorts };
  if (record === 0) return ofRegions;
  const recordLayout = planRecord({ audit, tls }, any ?? recordPortsFrom(portBase, record));
  return { ...ofRegions, record: recordLayout };
}

/** Two installations on one machine must never take each other's store for their own. */
function newClusterName(): string {
  return `local-${randomBytes(4).toString("hex")}`;
}

function neededPorts(layout: Layout, fixedByData: boolean): NeededPort[] {
  const { record, ...others } = layout;
  const { regions } = others;
  const ofRecord = record === undefined ? [] : recordPorts(record);
  const ofMetrics = metricsAddresses(others).map(({ service, region, address }) =>
    portAt(address, `metrics of the ${service} ${region}`),
  );
  const ofRegions = regions.flatMap(({ region, routerPort, coordinator, shards }) => [
    { port: routerPort, purpose: `router ${region}`, fixedByData: false },
    ...(coordinator === undefined ? [] : [portAt(coordinator, `coordinator ${region}`)]),
    ...shards.flatMap(({ name, members }) =>
      members.flatMap((member) => {
        const purpose = `etcd ${region}/${name}/${member.name}`;
        return [
          { port: member.clientPort, purpose, fixedByData },
          { port: member.peerPort, purpose, fixedByData },
        ];
      }),
    ),
  ]);
  return [...ofRegions, ...ofMetrics, ...ofRecord];
}

function portAt(address: string, purpose: string): NeededPort {
  const port = Number(address.slice(address.lastIndexOf(":") + 1));
  return { port, purpose, fixedByData: false };
}
