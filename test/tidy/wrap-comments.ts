import type { Module } from "./repository.ts";
import { columnsMax } from "./rules/sizes.ts";

/**
 * The text of a module with its over-long comments wrapped. What overflows a line goes to the start
 * of the next one, if that goes on with the same paragraph. Comments behind code stay as they are.
 */
export function wrapComments({ text, facts }: Pick<Module, "text" | "facts">): string {
  const commentLines = new Set(facts.comments.map(({ line }) => line));
  const pending = text.split("\n").map((line, index) => ({
    line,
    isComment: commentLines.has(index + 1),
  }));
  const wrapped: string[] = [];
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) {
    const { line, isComment } = next;
    const parts = isComment && isTooLong(line) ? partsOf(line) : undefined;
    if (parts === undefined) {
      wrapped.push(line);
      continue;
    }
    const { before, prefix, words, after } = parts;
    const [head, rest] = cut(prefix, words);
    wrapped.push(...before, head);
    if (rest === "") {
      wrapped.push(...after);
      continue;
    }
    // An item of a list goes on under its first word.
    const indent = words.startsWith("- ") ? `${prefix}  ` : prefix;
    const following = pending[0];
    const goesOn = after.length === 0 && following?.isComment && continues(following.line, indent);
    if (following !== undefined && goesOn) {
      following.line = `${indent}${rest} ${following.line.slice(indent.length)}`;
    } else {
      pending.unshift(
        { line: `${indent}${rest}`, isComment: true },
        ...after.map((each) => ({ line: each, isComment: true })),
      );
    }
  }
  return wrapped.join("\n");
}

function isTooLong(line: string): boolean {
  return line.length > columnsMax && !/https?:\/\//.test(line);
}

interface Parts {
  readonly before: readonly string[];
  readonly prefix: string;
  readonly words: string;
  readonly after: readonly string[];
}

function partsOf(line: string): Parts | undefined {
  const [, indent = "", doc] = /^(\s*)\/\*\* (.*) \*\/$/.exec(line) ?? [];
  if (doc !== undefined) {
    return {
      before: [`${indent}/**`],
      prefix: `${indent} * `,
      words: doc,
      after: [`${indent} */`],
    };
  }
  const [, prefix, words] = /^(\s*(?:\/\/|\*) +)(\S.*)$/.exec(line) ?? [];
  const canBreak = prefix !== undefined && words !== undefined && /\s/.test(words);
  return canBreak && !words.endsWith("*/") ? { before: [], prefix, words, after: [] } : undefined;
}

/** The first line, and what does not fit in it. */
function cut(prefix: string, words: string): [head: string, rest: string] {
  const line = prefix + words;
  if (line.length <= columnsMax) return [line, ""];
  const at = line.lastIndexOf(" ", columnsMax);
  const end = at >= prefix.length ? at : line.indexOf(" ", prefix.length);
  return end < 0 ? [line, ""] : [line.slice(0, end), line.slice(end + 1)];
}

/** Does `line` go on with a paragraph of this prefix: no list, table, tag or blank line? */
function continues(line: string, prefix: string): boolean {
  return (
    line.startsWith(prefix) && /^[\w`"'({]/.test(line.slice(prefix.length).replace(/^\d+\. /, "-"))
  );
}
