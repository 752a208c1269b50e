import { type Repository, resolveImport } from "../repository.ts";
import type { Rule } from "../rule.ts";

/** Keeps the imports of the whole repository free of circles, those of types included. */
export const importCircles: Rule = {
  name: "import-circles",
  says: "no file imports itself by a roundabout way",
  check(repository) {
    const graph = importGraph(repository);
    return circlesOf(graph).map((circle) => {
      const [first = "", second = ""] = circle;
      return {
        path: first,
        line: graph.get(first)?.get(second) ?? 0,
        wrong: `import circle: ${[...circle, first].join(" -> ")}`,
        wayOut: "move what both sides need into a file below them, or pass it as a parameter",
      };
    });
  },
};

/** For each module the modules it loads, with the line. */
type Graph = ReadonlyMap<string, ReadonlyMap<string, number>>;

function importGraph(repository: Repository): Graph {
  const graph = new Map<string, Map<string, number>>();
  for (const { path, facts } of repository.modules.values()) {
    const targets = new Map<string, number>();
    for (const { specifier, line, kind } of facts.imports) {
      const target = resolveImport(repository, path, specifier);
      if (target.kind === "file" && kind === "loaded") targets.set(target.path, line);
    }
    graph.set(path, targets);
  }
  return graph;
}

/** One circle for each backward edge of a depth-first walk; every circle has at least one. */
function circlesOf(graph: Graph): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string): void => {
    const start = way.indexOf(path);
    if (start >= 0) {
      circles.push(way.slice(start));
      return;
    }
    if (done.has(path)) return;
    way.push(path);
    for (const next of graph.get(path)?.keys() ?? []) visit(next);
    way.pop();
    done.add(path);
  };
  for (const path of graph.keys()) visit(path);
  return circles;
}
