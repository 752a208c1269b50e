import { isLocalToken } from "@holdfast/core/delegation/delegation-state";
import type { Tenure } from "../../history/tenure.ts";

/** The grants that regions gave out by themselves, of locks that were delegated to them. */
export function delegatedGrants(tenures: readonly Tenure[]): Tenure[] {
  return tenures.filter(({ result, token }) => result === "granted" && isLocalToken(token));
}
