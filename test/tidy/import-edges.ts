import type { ParseResult } from "oxc-parser";
import { dottedName, walk } from "./syntax-tree.ts";

/** That a module names another one. */
export interface ImportEdge {
  /** As written. */
  readonly specifier: string;
  readonly line: number;
  /** What it takes from there; `*` is everything. */
  readonly names: readonly string[];
  /**
   * `loaded`: at run time or for types. `located`: only its address, to start a worker or process.
   */
  readonly kind: "loaded" | "located";
}

/** Imports, re-exports, `import()`, `import("…").Type` and `new URL("./x.ts", import.meta.url)`. */
export function importEdges(
  parsed: ParseResult,
  text: string,
  lineOf: (offset: number) => number,
): ImportEdge[] {
  const edges: ImportEdge[] = [];
  const add = (specifier: string, at: number, names: string[], kind: ImportEdge["kind"]): void => {
    edges.push({ specifier, line: lineOf(at), names, kind });
  };
  for (const { moduleRequest, start, entries } of parsed.module.staticImports) {
    const names = entries.map(({ importName }) =>
      importName.kind === "Name" ? (importName.name ?? "*") : defaultOrAll(importName.kind),
    );
    add(moduleRequest.value, start, names, "loaded");
  }
  for (const { entries } of parsed.module.staticExports) {
    for (const { moduleRequest, importName, start } of entries) {
      if (moduleRequest === null) continue;
      add(moduleRequest.value, start, [importName.name ?? "*"], "loaded");
    }
  }
  for (const { moduleRequest } of parsed.module.dynamicImports) {
    const written = text.slice(moduleRequest.start, moduleRequest.end);
    const quoted = /^["'`]([^"'`$]+)["'`]$/.exec(written)?.[1];
    if (quoted !== undefined) add(quoted, moduleRequest.start, ["*"], "loaded");
  }
  walk(parsed.program, (node) => {
    if (node.type === "TSImportType") add(node.source.value, node.start, ["*"], "loaded");
    if (node.type !== "NewExpression" || dottedName(node.callee) !== "URL") return;
    const [target, base] = node.arguments;
    const isModuleUrl = base?.type === "MemberExpression" && base.object.type === "MetaProperty";
    if (isModuleUrl && target?.type === "Literal" && typeof target.value === "string") {
      // A web address resolves "x.ts" as "./x.ts"; an import would take it for a package.
      const bare = !/^(\.|\/|[a-z]+:)/.test(target.value);
      add(bare ? `./${target.value}` : target.value, node.start, ["*"], "located");
    }
  });
  return edges;
}

function defaultOrAll(kind: string): string {
  return kind === "Default" ? "default" : "*";
}
