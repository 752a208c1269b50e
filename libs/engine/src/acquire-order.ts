import type { AcquireCommand } from "@holdfast/core/command/command";
import type { GlobalRequest } from "@holdfast/core/quorum/register-value";
import type { DelegatedRequest } from "./delegated-request.ts";
import type { GlobalQueue } from "./global-queue.ts";
import type { GlobalRegister } from "./global-register.ts";
import type { SessionEverywhere } from "./session-everywhere.ts";

/** What one acquire is about. */
export interface GlobalAcquireOrder {
  readonly command: AcquireCommand;
  readonly request: GlobalRequest;
  readonly register: GlobalRegister;
  readonly queue: GlobalQueue;
  readonly session: SessionEverywhere;
  /** How it is asked in this region alone; absent where the lock is not delegated to it, ever. */
  readonly here?: DelegatedRequest;
}
