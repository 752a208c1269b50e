import type { GrantId } from "@holdfast/base/ids";
import type { AcquireCommand } from "@holdfast/core/command/command";
import type { LockRecord } from "@holdfast/core/lock/record";
import type { UsableLease } from "./local-context.ts";
import type { LockSite } from "./lock-site.ts";
import type { Call } from "./ports/lock-tier.ts";

/** One try of an acquire: everything is pinned, so that it can be built, asked and read. */
export interface AcquireAttempt {
  readonly kind: "attempt";
  readonly command: AcquireCommand;
  readonly call: Call;
  readonly grantId: GrantId;
  readonly site: LockSite;
  readonly lease: UsableLease;
  readonly record: LockRecord;
}
