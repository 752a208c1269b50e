import { type Node, visitorKeys } from "oxc-parser";

/** Where a node stands: the node above it, and the field of that node it is in. */
export interface Place {
  readonly parent: Node | undefined;
  readonly field: string;
}

/** Calls `visit` for `root` and all below it, parents first. */
export function walk(root: Node, visit: (node: Node, place: Place) => void): void {
  const pending: [Node, Place][] = [[root, { parent: undefined, field: "" }]];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, place] = next;
    visit(node, place);
    const below: [Node, Place][] = [];
    for (const field of visitorKeys[node.type] ?? []) {
      const value = (node as unknown as Record<string, unknown>)[field];
      for (const child of Array.isArray(value) ? value : [value]) {
        if (isNode(child)) below.push([child, { parent: node, field }]);
      }
    }
    pending.push(...below.reverse());
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value;
}

/** Returns how to turn an offset into `text` into a line number, from 1. */
export function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

/** `a.b.c` of a chain of plain members that begins with a name; undefined for anything else. */
export function dottedName(node: Node): string | undefined {
  if (node.type === "Identifier") return node.name;
  if (node.type === "ChainExpression") return dottedName(node.expression);
  if (node.type !== "MemberExpression" || node.computed) return undefined;
  if (node.property.type !== "Identifier") return undefined;
  const before = dottedName(node.object);
  if (before === undefined) return undefined;
  return before === "globalThis" ? node.property.name : `${before}.${node.property.name}`;
}
