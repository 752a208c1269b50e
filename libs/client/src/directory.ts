import type { Failure } from "@holdfast/base/failure";
import type { Consistency } from "@holdfast/core/command/command";
import type { Tenant } from "@holdfast/core/command/outcome";
import type { LockEvent } from "@holdfast/core/lock/lock-event";
import type { LockId } from "@holdfast/core/lock/lock-id";

/**
 * What is read from a router call by call, outside the stream of commands. Nothing here rejects; a
 * failure may be asked again at any endpoint.
 */
export interface Directory {
  list(endpoint: string, query: ListQuery): Promise<ListPage | Failure>;
  /** Runs until it is cancelled or ends by itself. */
  watch(endpoint: string, query: WatchQuery, listener: WatchListener): RunningWatch;
}

/** Which locks to list: by prefix of the name. */
export interface ListQuery {
  readonly region: string;
  readonly namespace: string;
  readonly prefix: string;
  /** 1 to 1,000. */
  readonly pageSize: number;
  /** Empty for the first page. */
  readonly pageToken: string;
  /** Absent: linearizable. */
  readonly consistency?: Consistency;
}

/** A lock and one of its holders: a shared lock may appear several times. */
export interface HeldEntry {
  readonly lock: LockId;
  readonly holder: Tenant;
}

/** A page of holders; `nextPageToken` is empty on the last one. */
export interface ListPage {
  readonly kind: "page";
  readonly locks: readonly HeldEntry[];
  readonly nextPageToken: string;
}

/** Which locks to watch: one by its name, or all with a prefix. */
export interface WatchQuery {
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly prefix: boolean;
  /** Begin with an event for each current holder. */
  readonly withCurrent: boolean;
}

/** Hears a watch; nothing after {@link onEnd}. */
export interface WatchListener {
  /** Perhaps none, the first time: that says the watch has begun. In the order of each shard. */
  onEvents(events: readonly LockEvent[]): void;
  onEnd(failure: Failure): void;
}

/** A watch that runs. */
export interface RunningWatch {
  cancel(): void;
}
