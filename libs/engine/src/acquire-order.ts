import type { AcquireCommand } from "@holdfast/core/command/command";
import type { GlobalRequest } from "@holdfast/core/quorum/register-value";
import type { DelegatedRequest } from "./delegated-request.ts";
import type { GlobalQueue } from "./global-queue.ts";
import type { GlobalRegister } from "./global-register.ts";
import type { HolderElsewhere } from "./holder-elsewhere.ts";
import type { RegionDelegation } from "./region-delegation.ts";
import type { SessionEverywhere } from "./session-everywhere.ts";

/** What one acquire is about. */
export interface GlobalAcquireOrder {
  readonly command: AcquireCommand;
  readonly request: GlobalRequest;
  readonly register: GlobalRegister;
  readonly queue: GlobalQueue;
  readonly session: SessionEverywhere;
  readonly delegation: RegionDelegation;
  readonly elsewhere: HolderElsewhere;
  /** How it is asked in this region alone; absent where a delegation does not serve it. */
  readonly here?: DelegatedRequest;
}
