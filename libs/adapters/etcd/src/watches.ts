import type { Clock } from "@holdfast/base/clock";
import type { Watch, WatchListener, WatchRequest } from "@holdfast/engine/ports/shard-store";
import type { Cluster } from "./cluster.ts";
import { WatchStream } from "./watch-stream.ts";

/** All watches of a shard on one stream, opened with the first watch and again after it ended. */
export class Watches {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  #stream: WatchStream | undefined;
  #opening: Promise<WatchStream | undefined> | undefined;
  #closed = false;

  constructor(cluster: Cluster, clock: Clock) {
    this.#cluster = cluster;
    this.#clock = clock;
  }

  watch(request: WatchRequest, listener: WatchListener): Watch {
    let cancelled = false;
    let cancelAtStore: (() => void) | undefined;
    void this.#open().then((stream) => {
      if (cancelled) return;
      cancelAtStore = stream?.add(request, listener);
      if (cancelAtStore === undefined) listener.onEnd("interrupted");
    });
    return {
      cancel: () => {
        cancelled = true;
        cancelAtStore?.();
      },
    };
  }

  close(): void {
    this.#closed = true;
    this.#stream?.end();
  }

  #open(): Promise<WatchStream | undefined> {
    if (this.#stream !== undefined) return Promise.resolve(this.#stream);
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<WatchStream | undefined> {
    const opened = await this.#cluster.stream("/etcdserverpb.Watch/Watch");
    if ("kind" in opened || this.#closed) return undefined;
    const stream = new WatchStream({
      stream: opened.stream,
      clock: this.#clock,
      isOurs: (clusterId) => this.#cluster.members.isOurs(clusterId),
      onEnd: () => {
        this.#stream = undefined;
        this.#cluster.members.avoid(opened.member);
      },
    });
    this.#stream = stream;
    return stream;
  }
}
