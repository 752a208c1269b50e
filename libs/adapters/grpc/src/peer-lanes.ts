import type { Clock } from "@holdfast/base/clock";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { limits } from "@holdfast/core/limits";
import { PeerChannel } from "./peer-channel.ts";
import { PeerStreams } from "./peer-streams.ts";

/** Long calls of one connection: a router takes only so many streams on each. */
const longCallsMax = Math.floor(limits.streamsPerConnectionMax * 0.9);
/** Connections to one router for long calls; past it they queue behind each other. */
const lanesMax = 32;

/**
 * The connections to one router of another region. Calls that last (a wait in line, a watch) have
 * connections of their own: on the same one a thousand waits would take every stream there is, and
 * hold up the very releases they wait for, and the heartbeats of everybody.
 */
export class PeerLanes {
  readonly address: string;
  /** For calls that are answered at once. */
  readonly short: PeerChannel;
  /** For commands that share streams. */
  readonly streams: PeerStreams;
  readonly #tls: TlsIdentity | undefined;
  readonly #long: PeerChannel[] = [];

  constructor(address: string, clock: Clock, tls?: TlsIdentity) {
    this.address = address;
    this.#tls = tls;
    this.streams = new PeerStreams(address, clock, tls);
    this.short = new PeerChannel(address, tls);
  }

  /** For a call that lasts. */
  long(): PeerChannel {
    for (const lane of this.#long) if (lane.load < longCallsMax) return lane;
    if (this.#long.length < lanesMax) {
      const lane = new PeerChannel(this.address, this.#tls);
      this.#long.push(lane);
      return lane;
    }
    return this.#long.reduce((least, lane) => (lane.load < least.load ? lane : least));
  }

  close(): void {
    for (const lane of [this.short, this.streams, ...this.#long]) lane.close();
  }
}
