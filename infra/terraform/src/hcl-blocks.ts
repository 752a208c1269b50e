/** A block of one label, as `variable "name" { … }`. */
export interface HclBlock {
  readonly label: string;
  readonly body: string;
}

/** The blocks of one kind in a formatted file, in their order. */
export function blocksOf(kind: string, text: string): HclBlock[] {
  const starts = [...text.matchAll(new RegExp(`^${kind} "([^"]+)" \\{$`, "gm"))];
  return starts.map((start) => {
    const rest = text.slice(start.index + start[0].length);
    const end = rest.search(/^\}$/m);
    if (end < 0) throw new Error(`${kind} "${start[1]}" is not closed: run terraform fmt`);
    return { label: start[1] ?? "", body: rest.slice(0, end) };
  });
}

/**
 * The expression that an attribute of a block is set to, on one line; undefined if it is not set.
 * The file must be formatted: an expression ends where the next attribute or block begins.
 */
export function attributeOf(block: HclBlock, name: string): string | undefined {
  const lines = block.body.split("\n");
  const first = lines.findIndex((line) => new RegExp(`^ {2}${name}\\s*=`).test(line));
  if (first < 0) return undefined;
  const following = lines.slice(first + 1);
  const isPart = (line: string): boolean => /^ {3,}/.test(line) || /^ {2}[\])}]/.test(line);
  const end = following.findIndex((line) => !isPart(line));
  const parts = [lines[first] ?? "", ...following.slice(0, end < 0 ? undefined : end)];
  return parts
    .map((line, index) => (index === 0 ? line.replace(/^[^=]*=\s*/, "") : line.trim()))
    .join(" ");
}

/** A description as people read it: without quotes and escapes. */
export function textOf(expression: string | undefined): string {
  return expression === undefined ? "" : (JSON.parse(expression) as string);
}
