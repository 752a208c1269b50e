import type { ContenderSettings } from "../contenders/contender.ts";
import type { EtcdServers } from "../servers/etcd-cluster.ts";
import type { HoldfastServers } from "../servers/holdfast.ts";

/** What a scenario of Holdfast alone plays on. */
export interface Stage {
  readonly holdfast: HoldfastServers;
  readonly etcd: EtcdServers;
  readonly settings: ContenderSettings;
  /** Further arguments for the Node of the processes that put on load. */
  readonly execArgv: readonly string[];
  readonly report: (line: string) => void;
}
