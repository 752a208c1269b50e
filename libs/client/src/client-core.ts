import type { Cancellation } from "@holdfast/base/cancellation";
import type { ClientPorts } from "./client-ports.ts";
import type { DueList } from "./due-list.ts";
import type { RetryBudget } from "./retry-budget.ts";
import type { RouterLink } from "./router-link.ts";
import type { Settler } from "./settler.ts";

/** What all parts of one client share. */
export interface ClientCore {
  readonly ports: ClientPorts;
  readonly dues: DueList;
  readonly link: RouterLink;
  readonly settler: Settler;
  readonly budget: RetryBudget;
  /** How long a call may take beyond the time it asked to wait. */
  readonly requestTimeoutMs: number;
  /** The client is being closed: nothing is to be waited for any more. */
  readonly closing: Cancellation;
}

/** `promise`, or `fallback` if that takes longer than `withinMs`. */
export function bounded<T>(
  core: Pick<ClientCore, "ports" | "dues">,
  promise: Promise<T>,
  withinMs: number,
  fallback: T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const due = {
      dueMs: core.ports.clock.monotonicMs() + withinMs,
      onDue: () => resolve(fallback),
    };
    core.dues.add(due);
    promise.then(resolve, reject).finally(() => core.dues.remove(due));
  });
}
