import { type GrantHandle, parseHandle as parse, printHandle } from "@holdfast/client/grant-handle";
import { usageError } from "../cli-error.ts";

/** Everything a later process needs to release or renew a grant; the SDK prints and reads it. */
export type Handle = GrantHandle;

export { printHandle };

const tokenPattern = /^[0-9]{1,20}$/;
/** Tokens are unsigned 64-bit on the wire. */
const tokenMax = 2n ** 64n - 1n;
/** A handle somewhere in a text. No lock name can hold `#`, a quote or a blank. */
const handlePattern = /[a-z0-9-]+\/[^\s"'#]+#[xs]\.[A-Za-z0-9_-]{22}\.\d{1,20}\.\d{1,8}r?/g;

/** Tells a handle from the name of a lock, which cannot hold `#`. */
export function looksLikeHandle(word: string): boolean {
  return word.includes("#");
}

/** The handle a word stands for; a usage error for one that was cut or mistyped. */
export function parseHandle(word: string): Handle {
  try {
    return parse(word);
  } catch {
    const shown = JSON.stringify(word.length > 80 ? `${word.slice(0, 80)}…` : word);
    throw usageError(
      `${shown} is not a whole handle.`,
      "Pass the one word that acquire printed, region/namespace/name#mode.grant.token.ttl, in quotes.",
    );
  }
}

/** A fencing token as people and JSON write it, or undefined. */
export function parseToken(text: string): bigint | undefined {
  if (!tokenPattern.test(text)) return undefined;
  const token = BigInt(text);
  return token >= 1n && token <= tokenMax ? token : undefined;
}

/**
 * The handle in what another command printed: the bare word, the JSON of `acquire` or `try`, or the
 * table of `acquire`. Two different ones are refused, for the second would be left held unnoticed.
 */
export function findHandle(text: string): Handle {
  const words = new Set(text.match(handlePattern) ?? []);
  const [word] = words;
  if (word === undefined) {
    throw usageError(
      "There is no handle on stdin.",
      "Pipe the output of holdfast acquire into it; if that failed, its message says why.",
    );
  }
  if (words.size > 1) {
    throw usageError(
      `There are ${words.size} handles on stdin; one at a time can be used.`,
      "Run the command once for each, for example with xargs -n 1.",
    );
  }
  return parseHandle(word);
}
