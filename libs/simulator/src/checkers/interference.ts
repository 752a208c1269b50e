import type { Tenure } from "../history/lock-step.ts";

/** The namespace whose names are paths, in a simulated world. */
export const hierarchicalNamespace = "tree";

/** What can hold a lock up: itself, or in the hierarchical namespace the tree it belongs to. */
export function treeOf(lock: string): string {
  if (!lock.startsWith(`${hierarchicalNamespace}/`)) return lock;
  const slash = lock.indexOf("/", hierarchicalNamespace.length + 1);
  return slash < 0 ? lock : lock.slice(0, slash);
}

/** A holder of one shuts out a holder of the other: the same lock, or one above the other. */
export function interfere(left: string, right: string): boolean {
  if (left === right) return true;
  if (treeOf(left) !== treeOf(right)) return false;
  return left.startsWith(`${right}/`) || right.startsWith(`${left}/`);
}

/** Two tenures that must not be at the same time. */
export function exclude(left: Tenure, right: Tenure): boolean {
  if (left.mode === "shared" && right.mode === "shared") return false;
  return interfere(left.lock, right.lock);
}
