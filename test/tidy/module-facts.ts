import { type Comment, type Node, type ParseResult, parseSync } from "oxc-parser";
import { type ExportedName, exportedNames } from "./exported-names.ts";
import { type ImportEdge, importEdges } from "./import-edges.ts";
import { type Mentions, mentionsIn } from "./mentions.ts";
import { dottedName, lineFinder, walk } from "./syntax-tree.ts";

/** The extent of one function. */
export interface FunctionSpan {
  readonly name: string;
  readonly line: number;
  readonly lineCount: number;
  /** It only groups tests (`describe`), so its length says nothing. */
  readonly groupsTests: boolean;
}

/** Something found at a line. */
export interface Found {
  readonly what: string;
  readonly line: number;
}

/** Everything the rules want to know of one module, from one parse. */
export interface ModuleFacts {
  readonly imports: readonly ImportEdge[];
  readonly exports: readonly ExportedName[];
  readonly mentions: Mentions;
  readonly functions: readonly FunctionSpan[];
  /** Syntax that cannot be erased, or that hides what a module offers. */
  readonly oddities: readonly Found[];
  /** The lines of all comments. */
  readonly comments: readonly Found[];
  readonly errors: readonly Found[];
}

/** Parses `text` and gathers its facts. `path` decides the language by its ending. */
export function moduleFacts(path: string, text: string): ModuleFacts {
  const parsed = parseSync(path, text, { sourceType: "module" });
  const lineOf = lineFinder(text);
  const mentions = mentionsIn(parsed.program, lineOf);
  return {
    imports: importEdges(parsed, text, lineOf),
    exports: exportedNames(parsed, text, lineOf, mentions),
    mentions,
    functions: functionSpans(parsed.program, lineOf),
    oddities: oddities(parsed.program, lineOf),
    comments: parsed.comments.flatMap((comment) => commentLines(comment, lineOf)),
    errors: syntaxErrors(parsed, lineOf),
  };
}

function syntaxErrors(parsed: ParseResult, lineOf: (offset: number) => number): Found[] {
  return parsed.errors.map((error) => ({
    what: error.message,
    line: lineOf(error.labels[0]?.start ?? 0),
  }));
}

function commentLines(comment: Comment, lineOf: (offset: number) => number): Found[] {
  const first = lineOf(comment.start);
  return comment.value.split("\n").map((what, index) => ({ what, line: first + index }));
}

function functionSpans(program: Node, lineOf: (offset: number) => number): FunctionSpan[] {
  const spans: FunctionSpan[] = [];
  walk(program, (node, { parent }) => {
    const isFunction =
      node.type === "FunctionDeclaration" ||
      node.type === "FunctionExpression" ||
      node.type === "ArrowFunctionExpression";
    if (!isFunction) return;
    const line = lineOf(node.start);
    spans.push({
      name: node.id?.name ?? nameFrom(parent) ?? "a function",
      line,
      lineCount: lineOf(node.end - 1) - line + 1,
      groupsTests: parent?.type === "CallExpression" && callsDescribe(parent.callee),
    });
  });
  return spans;
}

function nameFrom(parent: Node | undefined): string | undefined {
  if (parent?.type === "VariableDeclarator" && parent.id.type === "Identifier") {
    return parent.id.name;
  }
  const keyed = parent?.type === "MethodDefinition" || parent?.type === "Property";
  return keyed && parent.key.type === "Identifier" ? parent.key.name : undefined;
}

/** `describe(…)`, `describe.each(…)(…)` and the like. */
function callsDescribe(callee: Node): boolean {
  const inner = callee.type === "CallExpression" ? callee.callee : callee;
  return /^describe(\.|$)/.test(dottedName(inner) ?? "");
}

function oddities(program: Node, lineOf: (offset: number) => number): Found[] {
  const found: Found[] = [];
  walk(program, (node) => {
    const what = oddityOf(node);
    if (what !== undefined) found.push({ what, line: lineOf(node.start) });
  });
  return found;
}

function oddityOf(node: Node): string | undefined {
  switch (node.type) {
    case "ExportAllDeclaration":
      return "export *";
    case "TSEnumDeclaration":
      return "enum";
    case "TSModuleDeclaration":
      return node.kind === "namespace" && !node.declare ? "namespace" : undefined;
    case "TSParameterProperty":
      return "parameter property";
    default:
      return undefined;
  }
}
