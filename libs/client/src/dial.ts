import type { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import { type Failure, failure } from "@holdfast/base/failure";
import type { Connection, ConnectionEvent, ConnectReply, Transport } from "./transport.ts";

/** Longer than any round trip on earth; past it the next endpoint is tried. */
const connectMsMax = 2_000;

/** A connection and whoever uses it at the moment. */
export interface Line {
  readonly kind: "line";
  readonly endpoint: string;
  readonly connection: Connection;
  /** How long it took to open. */
  readonly latencyMs: number;
  /** How often anything was heard of it: a router that stays silent is a suspect. */
  heard: number;
  /** Its router has said that it ends. */
  ending: boolean;
  /** Its router stops, too. */
  stops: boolean;
  closed: boolean;
}

/** What dialling needs, and who hears of the line afterwards. */
export interface Dialling {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Nobody wants the line any more. */
  readonly cancellation: Cancellation;
  onEvent(line: Line, event: ConnectionEvent): void;
  onClosed(line: Line, reason: string): void;
}

/** Opens a connection to one endpoint. One that comes too late to be wanted is closed unseen. */
export function dial(dialling: Dialling, endpoint: string): Promise<Line | Failure> {
  const { transport, clock } = dialling;
  const startedMs = clock.monotonicMs();
  let line: Line | undefined;
  let leaving = false;
  let ended: string | undefined;
  const connecting = transport.connect(endpoint, {
    onEvent: (event) => {
      if (line !== undefined) dialling.onEvent(line, event);
      // A router that stops says so with its hello to who comes too late.
      else if (event.kind === "go-away") leaving = true;
    },
    onClosed: (reason) => {
      ended = reason;
      if (line === undefined) return;
      line.closed = true;
      dialling.onClosed(line, reason);
    },
  });
  return new Promise((resolve) => {
    const giveUp = (message: string) => {
      settle();
      resolve(failure("SHARD_UNAVAILABLE", message));
    };
    const timer = clock.schedule(connectMsMax, () =>
      giveUp(`${endpoint} did not answer in ${connectMsMax} ms.`),
    );
    const forget = dialling.cancellation.onCancel(() => giveUp("The client was closed."));
    let waiting = true;
    const settle = () => {
      waiting = false;
      timer.cancel();
      forget();
    };
    void connecting.then((reply: ConnectReply) => {
      if (!waiting) {
        if (reply.kind === "connected") reply.connection.close();
        return;
      }
      // Nobody would hear of its end any more, and all that is sent would be sent in vain.
      if (ended !== undefined && reply.kind === "connected") {
        giveUp(`${endpoint}: ${ended}`);
        return;
      }
      if (leaving && reply.kind === "connected") {
        giveUp(`${endpoint} is about to stop.`);
        reply.connection.close();
        return;
      }
      settle();
      if (reply.kind === "failure") {
        resolve(reply);
        return;
      }
      const latencyMs = clock.monotonicMs() - startedMs;
      const { connection } = reply;
      line = {
        kind: "line",
        endpoint,
        connection,
        latencyMs,
        heard: 0,
        ending: false,
        stops: false,
        closed: false,
      };
      resolve(line);
    });
  });
}
