import type { Clock } from "@holdfast/base/clock";
import type { TlsIdentity } from "@holdfast/base/tls/material";
import { globalRegion } from "@holdfast/core/lock/lock-id";
import { rendezvousOrder } from "@holdfast/core/placement/rendezvous";
import type { Hash64 } from "@holdfast/core/placement/slot";
import { Peer } from "./peer.ts";

/** The coordinators of one region. */
export interface CoordinatorPeersOptions {
  /** `host:port` of each. */
  readonly addresses: readonly string[];
  readonly hash: Hash64;
  readonly clock: Clock;
  /** What messages call them; coordinators of this region where left out. */
  readonly who?: string;
  /** Plain text if left out. */
  readonly tls?: TlsIdentity | undefined;
}

/**
 * The global tier of a region as others reach it. A lock's requests go to one coordinator, whatever
 * router they come through, or two of them would race for every register; to the next one only
 * where nothing can have been sent.
 */
export function coordinatorPeers({
  addresses,
  hash,
  clock,
  tls,
  who = addresses.length > 1 ? "every coordinator of this region" : "this region's coordinator",
}: CoordinatorPeersOptions): Peer {
  return new Peer({
    region: globalRegion,
    who,
    addresses,
    clock,
    tls,
    sharesStreams: true,
    order: (key) => rendezvousOrder(hash, addresses, key),
  });
}
