import type { Metadata } from "@grpc/grpc-js";
import { SessionServiceService } from "@holdfast/api/generated/holdfast/v1/session_service";
import type { Clock } from "@holdfast/base/clock";
import { limits } from "@holdfast/core/limits";
import { PeerChannel, type Unconnected } from "./peer-channel.ts";
import { PeerStream } from "./peer-stream.ts";

/** Commands of one stream: a server reads no more of one that has twice as many under way. */
const loadMax = limits.commandsInFlightMax / 2;
/** For one number of hops; past it they are shared by more than that. */
const streamsMax = 16;

/** The streams to one server that many callers share, over a connection of their own. */
export class PeerStreams {
  readonly #channel: PeerChannel;
  readonly #clock: Clock;
  /** By the hops that they say of all that they carry. */
  readonly #byHops = new Map<number, Streams>();

  constructor(address: string, clock: Clock) {
    this.#channel = new PeerChannel(address);
    this.#clock = clock;
  }

  /**
   * One that takes commands, or why nothing can have been sent. `metadata` is said once for all of
   * its commands, so it says what is common to those that came over so many hops.
   */
  withHops(hops: number, metadata: () => Metadata): PeerStream | Promise<PeerStream | Unconnected> {
    const streams = this.#byHops.get(hops) ?? { open: [], opening: undefined };
    this.#byHops.set(hops, streams);
    streams.open = streams.open.filter(({ isOpen }) => isOpen);
    const free = streams.open.find(({ load }) => load < loadMax);
    if (free !== undefined) return free;
    if (streams.open.length >= streamsMax) return leastOf(streams.open);
    streams.opening ??= this.#open(streams, metadata());
    return streams.opening;
  }

  close(): void {
    this.#channel.close();
  }

  async #open(streams: Streams, metadata: Metadata): Promise<PeerStream | Unconnected> {
    const path = SessionServiceService.connect.path;
    const opened = await this.#channel.converse(path, metadata, Number.POSITIVE_INFINITY);
    streams.opening = undefined;
    if ("kind" in opened) return opened;
    const stream = new PeerStream(opened, this.#clock);
    streams.open.push(stream);
    return stream;
  }
}

interface Streams {
  open: PeerStream[];
  opening: Promise<PeerStream | Unconnected> | undefined;
}

function leastOf(streams: readonly PeerStream[]): PeerStream {
  return streams.reduce((least, each) => (each.load < least.load ? each : least));
}
