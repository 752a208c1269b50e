import type { Region } from "@holdfast/api/generated/holdfast/v1/admin_service";
import type { LeasedGrant } from "@holdfast/client/leased-locks";
import type { Lock } from "@holdfast/client/lock";
import type { WatchEvent as SdkWatchEvent } from "@holdfast/client/watch-locks";
import type { LockState } from "@holdfast/core/command/outcome";
import type { GrantView, Held, LockView, RegionView, WatchEvent } from "./client-port.ts";

/** A lock with its own ttl, as the CLI shows it. */
export function grantView(grant: LeasedGrant): GrantView {
  const { lock, mode, grantId, token, validForMs } = grant;
  return { ...lock, mode, grantId, token, validForMs };
}

/** A lock under the session, as the CLI uses it. */
export function heldView(lock: Lock): Held {
  return {
    region: lock.region,
    token: lock.token,
    lost: lock.signal,
    release: () => lock.release(),
  };
}

/** Holders and waiters of a lock, as the CLI shows them. */
export function lockView({ lock, ...state }: LockState): LockView {
  return { ...lock, ...state };
}

/** A region, as the CLI shows it. */
export function regionView({ rttMs, global, ...region }: Region): RegionView {
  const seen = { ...region, roundTripMs: rttMs };
  if (global === undefined) return seen;
  const { rttMs: roundTripMs, generation, ...member } = global;
  return { ...seen, global: { ...member, roundTripMs, generation: Number(generation) } };
}

/** An event, as the CLI shows it. */
export function watchEvent(event: SdkWatchEvent): WatchEvent {
  if (event.kind === "WatchRestarted") return event;
  const { lock, ...rest } = event;
  return { ...lock, ...rest };
}
