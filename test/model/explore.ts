import type { Violation } from "@holdfast/simulator/history/run";
import { type Action, ModelWorld, type Scope } from "./model-world.ts";

/** What an exploration came to. */
export interface Exploration {
  readonly states: number;
  /** Things that happened one after the other, in the longest run. */
  readonly depth: number;
  /** Every state of the scope was reached. */
  readonly isComplete: boolean;
  readonly elapsedMs: number;
  /** The shortest way to a violation. */
  readonly counterexample?: {
    readonly steps: readonly string[];
    readonly violation: Violation;
  };
}

interface Node {
  readonly action: Action | undefined;
  readonly before: Node | undefined;
  readonly depth: number;
}

/**
 * Breadth first through everything that may happen in a scope, over the real core. A state is made
 * again from the actions that led to it, so that nothing of the core needs to be copied.
 */
export function explore(scope: Scope, statesMax = 2_000_000): Exploration {
  const startedMs = performance.now();
  const seen = new Set<string>();
  let frontier: Node[] = [{ action: undefined, before: undefined, depth: 0 }];
  let depth = 0;
  while (frontier.length > 0) {
    const next: Node[] = [];
    for (const node of frontier) {
      const path = pathTo(node);
      const world = replay(scope, path);
      for (const action of world.enabled()) {
        const after = replay(scope, path);
        after.do(action);
        const [violation] = after.checks.violations;
        if (violation !== undefined) {
          const steps = print(scope, [...path, action]);
          const elapsedMs = performance.now() - startedMs;
          const counterexample = { steps, violation };
          return {
            states: seen.size,
            depth: depth + 1,
            isComplete: false,
            elapsedMs,
            counterexample,
          };
        }
        const digest = after.digest();
        if (seen.has(digest)) continue;
        seen.add(digest);
        next.push({ action, before: node, depth: node.depth + 1 });
      }
      if (seen.size >= statesMax) {
        return {
          states: seen.size,
          depth,
          isComplete: false,
          elapsedMs: performance.now() - startedMs,
        };
      }
    }
    if (next.length > 0) depth++;
    frontier = next;
  }
  return { states: seen.size, depth, isComplete: true, elapsedMs: performance.now() - startedMs };
}

function pathTo(node: Node): Action[] {
  const path: Action[] = [];
  for (let at: Node | undefined = node; at?.action !== undefined; at = at.before) {
    path.push(at.action);
  }
  return path.reverse();
}

function replay(scope: Scope, path: readonly Action[]): ModelWorld {
  const world = new ModelWorld(scope);
  for (const action of path) world.do(action);
  return world;
}

function print(scope: Scope, path: readonly Action[]): string[] {
  const world = new ModelWorld(scope);
  return path.map((action) => {
    const line = world.print(action);
    world.do(action);
    return line;
  });
}
