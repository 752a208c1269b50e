import { expect, test } from "vitest";
import { keyOf } from "./interner.ts";
import { Model } from "./model.ts";
import { regions } from "./scope.ts";
import { scopeNamed } from "./scopes.ts";
import { StateSet } from "./state-set.ts";

/** Everything that three regions come to keep, whichever they are. */
function keptIn(scope: string, isExact: boolean): { states: number; kept: Set<string> } {
  const model = new Model(scopeNamed(scope), isExact);
  const seen = new StateSet(model.width);
  const first = model.first();
  model.sort(first);
  seen.add(first, 0);
  const state = new Uint32Array(model.width);
  const kept = new Set<string>();
  for (let at = 0; at < seen.size; at++) {
    seen.read(at, state);
    const all = regions.map((region) => {
      return keyOf(model.acceptors.at(model.columns.at(state[region]!).acceptor));
    });
    kept.add(all.sort().join("|"));
    model.visit(state, (after) => {
      model.sort(after);
      seen.add(after, at);
    });
  }
  return { states: seen.size, kept };
}

test("what the model leaves out makes no difference to what regions come to keep", () => {
  const exact = keptIn("contenders", true);
  const reduced = keptIn("contenders", false);
  console.log(`${exact.states} states come to ${reduced.states}; ${exact.kept.size} are kept`);
  expect(exact.states).toBeGreaterThan(reduced.states);
  expect([...reduced.kept].sort()).toEqual([...exact.kept].sort());
}, 120_000);
