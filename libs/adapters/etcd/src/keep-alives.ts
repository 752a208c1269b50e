import type { Clock } from "@holdfast/base/clock";
import type { KeepAliveReply } from "@holdfast/engine/ports/shard-store";
import type { Cluster } from "./cluster.ts";
import { KeepAliveStream } from "./keep-alive-stream.ts";
import type { Member } from "./member.ts";
import type { Unreachable } from "./members.ts";

interface Lane {
  readonly member: Member;
  readonly stream: KeepAliveStream;
}

/** Keeps leases alive over one stream, opened when needed and moved to where the leader is. */
export class KeepAlives {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #silenceMaxMs: number;
  #lane: Lane | undefined;
  #opening: Promise<Lane | Unreachable> | undefined;

  constructor(cluster: Cluster, clock: Clock, silenceMaxMs: number) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#silenceMaxMs = silenceMaxMs;
  }

  keepAlive(lease: bigint): Promise<KeepAliveReply> {
    // A follower asks the leader for each keepalive by a request of its own, one after another.
    if (this.#lane !== undefined && this.#lane.member !== this.#cluster.members.preferred) {
      this.#lane.stream.drain();
      this.#lane = undefined;
    }
    return this.#lane?.stream.keepAlive(lease) ?? this.#keepAliveOnceOpen(lease);
  }

  async #keepAliveOnceOpen(lease: bigint): Promise<KeepAliveReply> {
    const lane = await this.#open();
    return "stream" in lane ? lane.stream.keepAlive(lease) : lane;
  }

  close(): void {
    this.#lane?.stream.drain();
  }

  #open(): Promise<Lane | Unreachable> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #connect(): Promise<Lane | Unreachable> {
    const member = await this.#cluster.reachable();
    if ("kind" in member) return member;
    const stream = new KeepAliveStream({
      open: (listener) => member.messages("/etcdserverpb.Lease/LeaseKeepAlive", listener),
      clock: this.#clock,
      silenceMaxMs: this.#silenceMaxMs,
      isOurs: (clusterId) => this.#cluster.members.isOurs(clusterId),
      onEnd: () => {
        if (this.#lane?.stream !== stream) return;
        this.#lane = undefined;
        this.#cluster.members.avoid(member);
      },
    });
    const lane: Lane = { member, stream };
    this.#lane = lane;
    return lane;
  }
}
