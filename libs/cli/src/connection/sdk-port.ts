import type { Admin } from "@holdfast/client/grpc/admin";
import type { HoldfastClient } from "@holdfast/client/holdfast-client";
import { HoldfastError } from "@holdfast/client/holdfast-error";
import type { Consistency, Scope } from "@holdfast/core/command/command";
import { printLock } from "@holdfast/core/lock/lock-id";
import { CliError } from "../cli-error.ts";
import { exitCodes } from "../exit-codes.ts";
import { printHandle } from "../input/handle.ts";
import type { AcquireRequest, ClientPort, LockView, Refusal } from "./client-port.ts";
import { RegionAdmin } from "./region-admin.ts";
import { guard, guarded, refusalOf } from "./sdk-errors.ts";
import { grantView, heldView, lockView, regionView, watchEvent } from "./sdk-views.ts";

/** What is used of the SDK. */
export type Sdk = HoldfastClient & { admin(endpoint?: string): Admin };

/** The port of the CLI over a connected SDK. Rejects with `CliError` alone. */
export function portOver(sdk: Sdk, endpoints: readonly string[]): ClientPort {
  const regional = new RegionAdmin(sdk, endpoints);
  const askRegion = <Answer>(ask: (admin: Admin) => Promise<Answer>): Promise<Answer> =>
    guard(async () => ask(await regional.find()));
  return {
    region: sdk.region,
    acquireLeased: (request) =>
      decided(request, async () => {
        const grant = await sdk.acquireLeased(request.name, optionsOf(request));
        return { kind: "granted" as const, grant: grantView(grant), handle: grant };
      }),
    acquireHeld: (request) =>
      decided(request, async () => {
        const lock = await sdk.acquire(request.name, optionsOf(request));
        return { kind: "granted" as const, held: heldView(lock) };
      }),
    release: (handle) =>
      guard(async () => {
        const result = await sdk.releaseHandle(printHandle(handle));
        if (result !== "released") throw notReleased(printLock(handle.lock), result);
      }),
    renew: (handle, ttlMs) => guard(() => sdk.renewHandle(printHandle(handle), { ttl: ttlMs })),
    get: (name, scope, consistency = "linearizable") =>
      guard(() => read(sdk, name, scope, consistency)),
    list: (prefix, pageSize, scope, consistency) =>
      guarded(sdk.list(prefix, { pageSize, scope, consistency }), ({ lock, holder }) => ({
        name: lock.name,
        holder,
      })),
    watch: ({ name, scope, prefix, withCurrent }, signal) => {
      const pattern = prefix ? `${name}*` : name;
      return guarded(sdk.watch(pattern, { scope, withCurrent, signal }), watchEvent);
    },
    sessions: (pageSize) => guarded(regional.sessions(pageSize), (session) => session),
    shards: () => askRegion(async (admin) => regional.shardsOf(await admin.shards())),
    locate: (name) =>
      askRegion(async (admin) => {
        const place = await admin.locate(sdk.namespace, name);
        return { ...place, placementVersion: Number(place.placementVersion) };
      }),
    regions: () =>
      guard(async () => {
        const { regions } = await sdk.admin().regions();
        return regions.map(regionView);
      }),
    readmit: (region) =>
      guarded(sdk.admin().readmit(region), ({ registersCopied, generation, ...progress }) => ({
        ...progress,
        registersCopied: Number(registersCopied),
        generation: Number(generation),
      })),
    version: () =>
      guard(async () => {
        const version = await sdk.admin().version();
        return { ...version, uptimeMs: Number(version.uptimeMs) };
      }),
    close: () => sdk.close(),
  };
}

async function read(
  sdk: Sdk,
  name: string,
  scope: Scope,
  consistency: Consistency,
): Promise<LockView> {
  try {
    return lockView(await sdk.get(name, { scope, consistency }));
  } catch (error) {
    // Reading changes nothing, so there is nothing whose outcome could be unknown.
    if (!(error instanceof HoldfastError) || error.code !== "UNKNOWN_OUTCOME") throw error;
    const place = scope === "global" ? "all regions" : sdk.region;
    const message = `No answer came in time about ${name} in ${place}.`;
    throw new HoldfastError("SHARD_UNAVAILABLE", message, { cause: error });
  }
}

function optionsOf(request: AcquireRequest) {
  const { scope, ttlMs, waitMs, mode, metadata, signal, onPosition } = request;
  return {
    scope,
    ttl: ttlMs,
    wait: waitMs,
    mode,
    metadata,
    ...(signal === undefined ? {} : { signal }),
    ...(onPosition === undefined ? {} : { onPosition }),
  };
}

/** A lock that somebody else has is an answer here, and an error to the SDK. */
async function decided<Granted>(
  request: AcquireRequest,
  acquire: () => Promise<Granted>,
): Promise<Granted | Refusal> {
  return await guard(async () => {
    try {
      return await acquire();
    } catch (error) {
      const aborted = request.signal?.aborted === true;
      const refusal = error instanceof HoldfastError ? refusalOf(error, aborted) : undefined;
      if (refusal === undefined) throw error;
      return refusal;
    }
  });
}

function notReleased(lock: string, result: "not-held" | "unknown"): CliError {
  if (result === "not-held") {
    const message = `${lock} is not held with that handle: released before, or its ttl has ended.`;
    return new CliError(exitCodes.notHeld, message, { code: "NOT_HELD" });
  }
  const message = `Nothing answered in time: ${lock} may be released or not.`;
  return new CliError(exitCodes.unknownOutcome, message, {
    code: "UNKNOWN_OUTCOME",
    advice: "Run it again: that does no harm. Otherwise its ttl ends it.",
  });
}
