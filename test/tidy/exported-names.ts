import type { Comment, Declaration, ExportNamedDeclaration, ParseResult } from "oxc-parser";
import type { Mentions } from "./mentions.ts";

/** A name a module offers to others. */
export interface ExportedName {
  readonly name: string;
  readonly line: number;
  /** A doc comment stands right above it. Always true for a re-export: the doc is at its source. */
  readonly hasDoc: boolean;
  readonly usedInFile: boolean;
}

/** The exported names of a module, but for `export *`. */
export function exportedNames(
  parsed: ParseResult,
  text: string,
  lineOf: (offset: number) => number,
  mentions: Mentions,
): ExportedName[] {
  const names: ExportedName[] = [];
  for (const node of parsed.program.body) {
    if (node.type === "ExportDefaultDeclaration") {
      const hasDoc = docEndsAt(node.start, parsed.comments, text);
      names.push({ name: "default", line: lineOf(node.start), hasDoc, usedInFile: false });
    }
    if (node.type !== "ExportNamedDeclaration") continue;
    const hasDoc = node.declaration === null || docEndsAt(node.start, parsed.comments, text);
    for (const { name, local, at } of namesOf(node)) {
      names.push({ name, line: lineOf(at), hasDoc, usedInFile: mentions.has(local) });
    }
  }
  return withOverloadsOnce(names);
}

interface NameAt {
  name: string;
  local: string;
  at: number;
}

function namesOf(node: ExportNamedDeclaration): NameAt[] {
  if (node.declaration !== null) {
    return declaredNames(node.declaration).map((name) => ({ name, local: name, at: node.start }));
  }
  return node.specifiers.map((specifier) => ({
    name: "name" in specifier.exported ? specifier.exported.name : specifier.exported.value,
    local: "name" in specifier.local ? specifier.local.name : specifier.local.value,
    at: specifier.start,
  }));
}

function declaredNames(declaration: Declaration): string[] {
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.flatMap(({ id }) =>
      id.type === "Identifier" ? [id.name] : [],
    );
  }
  return "id" in declaration && declaration.id?.type === "Identifier" ? [declaration.id.name] : [];
}

/** Overloads export one name several times; one doc comment, above any of them, is enough. */
function withOverloadsOnce(names: readonly ExportedName[]): ExportedName[] {
  const once = new Map<string, ExportedName>();
  for (const exported of names) {
    const before = once.get(exported.name);
    const merged = { ...exported, ...before, hasDoc: exported.hasDoc || before?.hasDoc === true };
    once.set(exported.name, merged);
  }
  return [...once.values()];
}

function docEndsAt(start: number, comments: readonly Comment[], text: string): boolean {
  return comments.some(
    (comment) =>
      comment.type === "Block" &&
      comment.value.startsWith("*") &&
      comment.end <= start &&
      text.slice(comment.end, start).trim() === "",
  );
}
