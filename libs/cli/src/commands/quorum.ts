import type { RegionView } from "../connection/client-port.ts";

/** How the regions stand to global locks. */
export interface Quorum {
  /** Regions there are. */
  readonly regions: number;
  /** Regions that answer and whose answers count. */
  readonly voting: number;
  /** Enough of them to decide. */
  readonly works: boolean;
  /** What is wrong with the others, for people. */
  readonly problems: readonly string[];
}

/** Undefined where the router that told of these has no coordinator. */
export function quorumOf(regions: readonly RegionView[]): Quorum | undefined {
  if (!regions.some(({ global }) => global !== undefined)) return undefined;
  const voting = regions.filter(({ global }) => global?.reachable && global.votes);
  const others = regions.filter((region) => !voting.includes(region));
  return {
    regions: regions.length,
    voting: voting.length,
    works: voting.length > regions.length / 2,
    problems: others.map(({ name, global }) => `${name} ${problemOf(global)}`),
  };
}

/** For people. */
export function quorumStory({ regions, voting, works }: Quorum): string {
  return `${voting} of ${regions} regions vote: global locks ${works ? "work" : "do not work"}`;
}

function problemOf(global: RegionView["global"]): string {
  if (global === undefined) return "is not part of the global tier";
  if (!global.reachable) return `does not answer${reason(global.problem)}`;
  return `has no vote${reason(global.problem)}`;
}

function reason(problem: string): string {
  return problem === "" ? "" : ` (${problem.replace(/\.$/, "")})`;
}
