import { Server, type ServerDuplexStream } from "@grpc/grpc-js";
import { ConnectRequestReader } from "@holdfast/api/codec/connect-request";
import { Descriptors } from "@holdfast/api/descriptors";
import { SessionServiceService } from "@holdfast/api/generated/holdfast/v1/session_service";
import { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import type { DoorTls } from "@holdfast/base/tls/door";
import { limits } from "@holdfast/core/limits";
import type { AdminTier } from "@holdfast/engine/ports/admin-tier";
import type { LockTier } from "@holdfast/engine/ports/lock-tier";
import { serveAdmin } from "./admin-calls.ts";
import { WriterPool } from "./connect-output.ts";
import { ConnectStream, type StreamContext } from "./connect-stream.ts";
import { type ConnectionAge, connectionAgeOptions, streamAgeMs } from "./connection-age.ts";
import { Health } from "./health-calls.ts";
import type { ListenRefused } from "./listener.ts";
import { serveLockCalls } from "./lock-calls.ts";
import { type MembershipServerOptions, serveMembership } from "./membership-server.ts";
import { serveReflection } from "./reflection-calls.ts";
import { openServerDoor } from "./server-door.ts";
import { StreamRegistry } from "./stream-registry.ts";
import { passThrough } from "./unary-handler.ts";
import type { VotingServer } from "./voting-server.ts";
import { serveWatch } from "./watch-calls.ts";

/** A router's door. */
export interface GrpcServerOptions {
  /** `host:port`; port 0 chooses one. */
  readonly listen: string;
  readonly tier: LockTier;
  readonly admin: AdminTier;
  readonly clock: Clock;
  /** Let generic clients ask what is offered. */
  readonly reflection: boolean;
  /** Plain text if left out. */
  readonly tls?: DoorTls | undefined;
  /** What this server offers to the coordinators of other regions, if it is one itself. */
  readonly coordinators?: CoordinatorServices;
  /** When clients are told to connect again; never if left out. */
  readonly connectionAge?: ConnectionAge | undefined;
  /** How long a stream may take to say hello; 10 s if left out. */
  readonly helloTimeoutMs?: number;
  /** A connection is pinged every so often; 120 s if left out. */
  readonly keepaliveMs?: number;
  /** One that does not answer the ping for this long is cut; 10 s if left out. */
  readonly keepaliveTimeoutMs?: number;
}

/** Services that only coordinators speak. */
export interface CoordinatorServices {
  readonly voting: VotingServer;
  readonly membership: MembershipServerOptions;
}

/** A door that is open. */
export interface GrpcServer {
  readonly kind: "serving";
  /** As listened on, the port filled in. */
  readonly address: string;
  /** How many client streams are open. */
  readonly streamCount: number;
  /** By how much a drain may take longer than it is given, in ms, were it begun now. */
  readonly drainsLongerMs: number;
  /** What health checks are told; true at first. */
  setServing(serving: boolean): void;
  /**
   * Closes the door: says "not serving" and "go away", takes nothing new, answers what was asked,
   * and cuts what is left `withinMs` after the last was told: streams are told to go a few hundred
   * at a time, for {@link drainsLongerMs} at the most. Resolves when every connection is gone.
   * Idempotent.
   */
  drain(withinMs: number): Promise<void>;
}

/** What one client's stream may ask of any server. */
const streamBounds = {
  messageBytesMax: limits.streamMessageBytesMax,
  commandsInFlightMax: limits.commandsInFlightMax,
};

/** Opens a router's door; see {@link GrpcServer.drain} for how to close it. */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer | ListenRefused> {
  const { tier, admin, clock, coordinators, connectionAge } = options;
  const { region, routerId, cluster, version } = admin.about();
  const registry = new StreamRegistry();
  const draining = new Cancellation();
  const internal = coordinators === undefined ? [] : ["holdfast.internal.v1"];
  const descriptors = new Descriptors(["holdfast.v1", ...internal]);
  const health = new Health(descriptors.services);
  let leaving: { readonly reason: string; readonly drainMs: number } | undefined;

  const server = new Server(channelOptions(options));
  const calls = { tier, clock, region, registry, draining };
  serveLockCalls(server, calls);
  serveWatch(server, calls);
  serveAdmin(server, admin, clock);
  health.serve(server);
  coordinators?.voting.register(server);
  if (coordinators !== undefined) serveMembership(server, coordinators.membership);
  if (options.reflection) serveReflection(server, descriptors);
  serveConnect(server, {
    tier,
    clock,
    registry,
    hello: { region, routerId, cluster, version, ...streamBounds },
    reader: new ConnectRequestReader(region),
    writers: new WriterPool(),
    helloTimeoutMs: options.helloTimeoutMs ?? 10_000,
    leaving: () => leaving,
    ageMs: () => connectionAge && streamAgeMs(connectionAge),
  });

  const reason = "The router stops.";
  const closing = {
    begin: async (withinMs: number) => {
      leaving = { reason, drainMs: withinMs };
      health.stop();
      coordinators?.voting.finish("The coordinator stops.");
      await registry.goAway(reason, withinMs, clock);
      draining.cancel();
    },
    late: () => registry.finish(reason),
  };
  const door = await openServerDoor(server, options.listen, clock, closing, options.tls);
  if (door.kind === "refused") return door;
  return {
    kind: "serving",
    address: door.address,
    get streamCount() {
      return registry.size;
    },
    get drainsLongerMs() {
      return registry.goAwayMsMax;
    },
    setServing: (serving) => health.setServing(serving),
    drain: door.drain,
  };
}

function serveConnect(server: Server, context: StreamContext): void {
  server.register(
    SessionServiceService.connect.path,
    (call: ServerDuplexStream<Buffer, Buffer>) => {
      new ConnectStream(call, context);
    },
    passThrough,
    passThrough,
    "bidi",
  );
}

function channelOptions(options: GrpcServerOptions) {
  return {
    // Its bookkeeping of every call and message costs more than most calls do.
    "grpc.enable_channelz": 0,
    "grpc.max_concurrent_streams": limits.streamsPerConnectionMax,
    "grpc.max_receive_message_length": limits.streamMessageBytesMax,
    // Answers are kept below a message's limit where they are written.
    "grpc.max_send_message_length": -1,
    // Without pings a client that froze holds its streams for ever. One whose machine vanished is
    // found by the listener's probes; these pings go to busy connections too, and ten thousand of
    // them every 30 s were a tenth of what idle clients cost.
    "grpc.keepalive_time_ms": options.keepaliveMs ?? 120_000,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs ?? 10_000,
    ...connectionAgeOptions(options.connectionAge),
  };
}
