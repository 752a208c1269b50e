import type { Grant } from "@holdfast/core/command/outcome";
import type { GlobalHolder } from "@holdfast/core/quorum/register-value";
import type { GlobalAcquireOrder } from "./acquire-order.ts";
import type { Notice } from "./global-register.ts";
import { globalGrant } from "./global-view.ts";
import type { ProposerAnswer } from "./register-proposer.ts";

/** A grant that two regions do not confirm is asked for again so often. */
const triesMax = 5;

/** Whose grant it is, and for how long that matters. */
export interface Confirming extends Pick<GlobalAcquireOrder, "register" | "session" | "request"> {
  /** Nobody would hear what comes of another try. */
  readonly isSpent: () => boolean;
  /** The session is known in one more region. */
  readonly onLease: () => void;
}

/** What came of it; an answer of the register where it does not have the lock any more. */
export type ConfirmEnd =
  | { readonly kind: "granted"; readonly grant: Grant }
  | { readonly kind: "unconfirmed" }
  | ProposerAnswer;

/** The grant as its holder may be told of it, once two regions confirm it by leases it has. */
export async function confirmGrant(
  { register, session, request, isSpent, onLease }: Confirming,
  holder: GlobalHolder,
  confirmed: Notice["confirmed"],
): Promise<ConfirmEnd> {
  let confirming = confirmed;
  for (let tries = 0; ; tries++) {
    const confirmations = await session.confirmations(confirming(holder.grantId));
    const grant = globalGrant(register.lock, holder, confirmations);
    if (grant !== undefined) return { kind: "granted", grant };
    if (tries === triesMax || isSpent()) return { kind: "unconfirmed" };
    // Its session was not known in time, or its lease there has ended: its own request may put the
    // liveness there again.
    session.meet(onLease);
    await session.settled();
    const acquire = { kind: "acquire", request, wait: true, mayBeGranted: false } as const;
    const again = await register.submit(acquire, true, isSpent);
    if (again.kind !== "decided" || again.outcome.kind !== "granted") return again;
    confirming = again.confirmed;
  }
}
