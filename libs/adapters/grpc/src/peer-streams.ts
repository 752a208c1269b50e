import type { Metadata } from "@grpc/grpc-js";
import { SessionServiceService } from "@holdfast/api/generated/holdfast/v1/session_service";
import type { Clock } from "@holdfast/base/clock";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { limits } from "@holdfast/core/limits";
import { PeerChannel, type Unconnected } from "./peer-channel.ts";
import { PeerStream } from "./peer-stream.ts";
import type { WaitReply } from "./peer-wait.ts";

/** Commands of one stream: a server reads no more of one that has twice as many under way. */
const loadMax = limits.commandsInFlightMax / 2;
/** Of one kind; past it they are shared by more than that. */
const streamsMax = 16;

/** What the commands of one stream have in common. */
export interface StreamKind {
  /** It is said once for all of them. */
  readonly hops: number;
  /**
   * They may stand in line for an hour. What would end their wait, a release perhaps, must not be
   * left unread behind them, so the two never share a stream.
   */
  readonly waits: boolean;
}

/** The streams to one server that many callers share, over a connection of their own. */
export class PeerStreams {
  readonly #channel: PeerChannel;
  readonly #clock: Clock;
  readonly #byKind = new Map<string, Streams>();

  constructor(address: string, clock: Clock, tls?: TlsIdentity) {
    this.#channel = new PeerChannel(address, tls);
    this.#clock = clock;
  }

  /**
   * The reply over one of them, or why nothing can have been sent. `metadata` says what is common
   * to the commands of this kind.
   */
  async ask(
    { hops, waits }: StreamKind,
    metadata: () => Metadata,
    asked: (stream: PeerStream) => Promise<WaitReply>,
  ): Promise<WaitReply | Unconnected> {
    const kind = `${hops} ${waits}`;
    const streams = this.#byKind.get(kind) ?? { open: [], opening: undefined };
    this.#byKind.set(kind, streams);
    // Others may have waited for the same one to open, and have filled it.
    for (let opens = 0; opens <= streamsMax; opens++) {
      streams.open = streams.open.filter(({ isOpen }) => isOpen);
      const free = streams.open.find(({ load }) => load < loadMax);
      if (free !== undefined) return asked(free);
      if (streams.open.length >= streamsMax) return asked(leastOf(streams.open));
      streams.opening ??= this.#open(streams, metadata());
      const opened = await streams.opening;
      if ("kind" in opened) return opened;
    }
    return { kind: "unconnected", reason: "every stream to it ends as soon as it has begun" };
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
