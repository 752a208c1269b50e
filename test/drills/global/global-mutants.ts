import type { Edit } from "../../sabotage/sabotage.ts";

/** A way to get the global tier wrong in the whole platform, and the drill that finds it out. */
export interface GlobalMutant {
  readonly name: string;
  readonly about: string;
  /** Of a coordinator, or of the clients' SDK. */
  readonly edits: readonly Edit[];
  readonly of: "coordinators" | "clients";
  readonly drill: string;
  /** How long it takes to be found out, in s; the drill's short form if left out. */
  readonly seconds?: number;
  /** What the drill must say of it: that something went wrong in any way is not enough. */
  readonly evidence: RegExp;
}

/** What the drills must find out, as the simulation does. */
export const globalMutants: readonly GlobalMutant[] = [
  {
    name: "takeover-with-one-vote",
    about: "a lock is taken over when one region calls its holder gone",
    of: "coordinators",
    drill: "global-region-isolated",
    seconds: 26,
    evidence: /^overlap: /,
    edits: [
      {
        file: "libs/core/src/quorum/votes.ts",
        find: 'if (notLive >= majority) return "gone";',
        replace: 'if (notLive >= 1) return "gone";',
      },
    ],
  },
  {
    name: "accept-ignores-promise",
    about: "a region accepts what it has promised not to",
    of: "coordinators",
    drill: "global-hot-lock",
    seconds: 7,
    evidence: /^(overlap|tokens|guard|linearizability): /,
    edits: [
      {
        file: "libs/core/src/quorum/acceptor.ts",
        find: "value: Uint8Array.of(...encodeBallot(ballot), 0),",
        replace: "value: Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255),",
      },
    ],
  },
  {
    name: "repair-revives",
    about: "whoever proposes next brings a dead holder's liveness back, under no lease",
    of: "coordinators",
    drill: "global-holder-killed",
    evidence: /who was killed, was granted/,
    edits: [
      {
        file: "libs/core/src/quorum/register.ts",
        find: "    return { value, attach: this.#attach };",
        replace: "    return { value, attach: this.#holders };",
      },
      {
        file: "libs/core/src/quorum/acceptor.ts",
        find: "{ ...never, compares: [impossible] }",
        replace: `{
          ...never,
          compares: [impossible],
          failure: [put(livenessKey(keys, grantId), emptyBytes)],
        }`,
      },
      {
        file: "libs/core/src/quorum/acceptor.ts",
        find: "compares: [markerLives(marker)], success: [live], failure: []",
        replace:
          "compares: [markerLives(marker)], success: [live], failure: [{ ...live, lease: 0n }]",
      },
    ],
  },
  {
    name: "latest-deadline",
    about: "a holder believes until the latest of its regions' deadlines, not the second-latest",
    of: "clients",
    drill: "global-region-isolated",
    evidence: /^overlap: /,
    edits: [
      {
        file: "libs/client/src/quorum-belief.ts",
        find: "export const quorum = 2;",
        replace: "export const quorum = 1;",
      },
    ],
  },
];

/** The build called so; throws where there is none. */
export function mutantCalled(name: string): GlobalMutant {
  const mutant = globalMutants.find((each) => each.name === name);
  if (mutant === undefined) throw new Error(`no sabotaged build is called ${name}`);
  return mutant;
}
