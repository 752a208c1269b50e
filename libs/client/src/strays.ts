import type { GrantId } from "@holdfast/base/ids";
import type { HeldEntry, LeaseAnswer } from "@holdfast/core/command/outcome";

/**
 * What hangs on a session's leases and the client does not know of: written by a router that
 * stalled until its client had given up, repeated elsewhere or released. Nobody else will ever end
 * it.
 */
export function strays(
  leases: readonly LeaseAnswer[],
  isKnown: (grantId: GrantId) => boolean,
): HeldEntry[] {
  return leases.flatMap((answer) => answer.held ?? []).filter((entry) => !isKnown(entry.grantId));
}
