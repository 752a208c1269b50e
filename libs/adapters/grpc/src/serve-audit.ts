import { Server } from "@grpc/grpc-js";
import { Descriptors } from "@holdfast/api/descriptors";
import { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import type { DoorTls } from "@holdfast/base/tls/door";
import type { AuditDesk } from "@holdfast/engine/ports/audit-desk";
import { serveAuditCalls } from "./audit-calls.ts";
import { Health } from "./health-calls.ts";
import type { ListenRefused } from "./listener.ts";
import { serveReflection } from "./reflection-calls.ts";
import { openServerDoor } from "./server-door.ts";

/** The door through which the record is asked. */
export interface AuditServerOptions {
  /** `host:port`; port 0 chooses one. */
  readonly listen: string;
  readonly desk: AuditDesk;
  readonly clock: Clock;
  /** Let generic clients ask what is offered. */
  readonly reflection: boolean;
  /** Plain text if left out. */
  readonly tls?: DoorTls | undefined;
  /** Tails, verifications and exports at once; 32 if left out. */
  readonly streamsMax?: number;
}

/** A door that is open. */
export interface AuditServer {
  readonly kind: "serving";
  /** As listened on, the port filled in. */
  readonly address: string;
  /** How many tails, verifications and exports are under way. */
  readonly streamCount: number;
  /** What health checks are told; true at first. */
  setServing(serving: boolean): void;
  /**
   * Closes the door: says "not serving", ends the streams, takes nothing new, answers what was
   * asked, and cuts what is left after `withinMs`. Resolves when every connection is gone.
   * Idempotent.
   */
  drain(withinMs: number): Promise<void>;
}

/** A request is small, and an answer is kept small where it is written. */
const channelOptions = {
  "grpc.enable_channelz": 0,
  "grpc.max_concurrent_streams": 100,
  "grpc.max_receive_message_length": 1024 * 1024,
  "grpc.max_send_message_length": -1,
  // Without pings a client that froze holds its tail for ever.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
};

/** Opens the door; see {@link AuditServer.drain} for how to close it. */
export async function serveAudit(
  options: AuditServerOptions,
): Promise<AuditServer | ListenRefused> {
  const { desk, clock, streamsMax = 32 } = options;
  const draining = new Cancellation();
  const descriptors = new Descriptors(["holdfast.audit.v1"]);
  const health = new Health(descriptors.services);
  const server = new Server(channelOptions);
  const streams = { open: 0 };
  serveAuditCalls(server, { desk, clock, draining, streamsMax, streams });
  health.serve(server);
  if (options.reflection) serveReflection(server, descriptors);

  const closing = {
    begin: () => {
      health.stop();
      draining.cancel();
    },
  };
  const door = await openServerDoor(server, options.listen, clock, closing, options.tls);
  if (door.kind === "refused") return door;
  return {
    kind: "serving",
    address: door.address,
    get streamCount() {
      return streams.open;
    },
    setServing: (serving) => health.setServing(serving),
    drain: door.drain,
  };
}
