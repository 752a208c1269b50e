import type { RegisterValue } from "@holdfast/core/quorum/register-value";
import { type Survey, survey } from "@holdfast/core/quorum/survey";
import type { GlobalAcquireOrder } from "./acquire-order.ts";
import { isIn } from "./global-view.ts";

/**
 * A try for a lock that was held when it was last heard of, and is, by plain reads: one who tries
 * again and again from near by would otherwise keep those from proposing who are farther away.
 * Undefined where the register must be asked.
 */
export async function tryPlainly(order: GlobalAcquireOrder): Promise<Survey | undefined> {
  const { register, request, command } = order;
  const isBlocked = (value: RegisterValue | undefined) =>
    value?.holders.some(({ mode }) => mode === "exclusive" || request.mode === "exclusive");
  if (command.waitMs > 0 || !isBlocked(register.newest)) return undefined;
  const seen = survey((await register.look()).shows);
  if (seen === undefined || !isBlocked(seen.value)) return undefined;
  // What its own client asked for before it, the end of another request above all, goes first.
  if (register.isChanging) return undefined;
  // An earlier copy was here, and is over: the lock may be its very own.
  if (isIn(seen.value, request.grantId)) return undefined;
  const isHeld = [...seen.liveness.values()].every((liveness) => liveness === "alive");
  return isHeld ? seen : undefined;
}
