import type { Server } from "@grpc/grpc-js";
import { readAcquireMany, readReleaseMany, writeManyResults } from "@holdfast/api/codec/many-codec";
import { readListRequest, writeListResponse } from "@holdfast/api/codec/query-codec";
import { UnaryCodec, unaryPaths } from "@holdfast/api/codec/unary-codec";
import { LockServiceService } from "@holdfast/api/generated/holdfast/v1/lock_service";
import type { Cancellation } from "@holdfast/base/cancellation";
import type { Clock } from "@holdfast/base/clock";
import { isFailure } from "@holdfast/base/failure";
import type { Command } from "@holdfast/core/command/command";
import type { ReleaseOutcome } from "@holdfast/core/command/outcome";
import type { LockTier } from "@holdfast/engine/ports/lock-tier";
import type { StreamRegistry } from "./stream-registry.ts";
import { type Answer, passThrough, unaryHandler } from "./unary-handler.ts";

/** What the single calls need. */
export interface LockCalls {
  readonly tier: LockTier;
  readonly clock: Clock;
  /** What an empty region in a request means. */
  readonly region: string;
  readonly registry: StreamRegistry;
  /** Cancelled when the server begins to stop. */
  readonly draining: Cancellation;
}

/** Registers every single call of LockService and SessionService. */
export function serveLockCalls(server: Server, calls: LockCalls): void {
  const codec = new UnaryCodec();
  for (const [kind, path] of Object.entries(unaryPaths)) {
    register(server, path, calls.clock, commandAnswer(calls, codec, kind as Command["kind"]));
  }
  register(server, LockServiceService.list.path, calls.clock, async (request, call) => {
    const query = readListRequest(request, calls.region);
    if ("kind" in query) return query;
    const page = await calls.tier.list(query, call);
    return isFailure(page) ? page : writeListResponse(page);
  });
  register(server, LockServiceService.acquireMany.path, calls.clock, async (request, call) => {
    const many = readAcquireMany(request, calls.region);
    if ("kind" in many) return many;
    const outcome = await calls.tier.acquireMany(many, call);
    return isFailure(outcome) ? outcome : writeManyResults("acquire", outcome.outcomes);
  });
  register(server, LockServiceService.releaseMany.path, calls.clock, async (request, call) => {
    const releases = readReleaseMany(request, calls.region);
    if ("kind" in releases) return releases;
    const outcomes: ReleaseOutcome[] = await Promise.all(
      releases.map((release) => calls.tier.execute(release, call)),
    );
    return writeManyResults("release", outcomes);
  });
}

function commandAnswer(calls: LockCalls, codec: UnaryCodec, kind: Command["kind"]): Answer {
  return async (request, call) => {
    const command = codec.readRequest(kind, request, calls.region);
    if (isFailure(command)) return command;
    const outcome = await calls.tier.execute(command, call);
    calls.registry.tell(command, outcome);
    return isFailure(outcome) ? outcome : codec.writeResponse(kind, outcome);
  };
}

/** Registers one call that takes and gives bytes. */
export function register(server: Server, path: string, clock: Clock, answer: Answer): void {
  server.register(path, unaryHandler(clock, answer), passThrough, passThrough, "unary");
}
