import { exploreRegion } from "./delegation/region-explore.ts";
import { regionScopes } from "./delegation/region-scope.ts";
import { type Exploration, type ExploreOptions, explore } from "./explore.ts";
import type { Told } from "./print.ts";
import { scopes } from "./scopes.ts";

/** What there is to explore: registers, then locks that are delegated to a region. */
export const allScopes: readonly Told[] = [...scopes, ...regionScopes];

/** Explores the scope of that name. */
export function exploreNamed(
  name: string,
  options: ExploreOptions,
): { readonly scope: Told; readonly found: Exploration } {
  const region = regionScopes.find((each) => each.name === name);
  if (region !== undefined) return { scope: region, found: exploreRegion(region, options) };
  const scope = scopes.find((each) => each.name === name);
  if (scope !== undefined) return { scope, found: explore(scope, options) };
  const names = allScopes.map((each) => each.name).join(", ");
  throw new Error(`no scope is called ${name}; there are ${names}`);
}
