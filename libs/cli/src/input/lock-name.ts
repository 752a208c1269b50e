import { checkName } from "@holdfast/core/lock/name";
import { failureError } from "../cli-error.ts";

/** A lock's name, as the API takes it; checked here so that no typing error needs a round trip. */
export function checkedName(word: string): string {
  const wrong = checkName(word);
  if (wrong !== undefined) throw failureError(wrong);
  return word;
}
