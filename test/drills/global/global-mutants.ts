import type { Edit } from "../../sabotage/sabotage.ts";

/** A way to get the global tier wrong in the whole platform, and the drill that finds it out. */
export interface GlobalMutant {
  readonly name: string;
  readonly about: string;
  /** Of a coordinator, or of the clients' SDK. */
  readonly edits: readonly Edit[];
  readonly of: "coordinators" | "clients";
  readonly drill: string;
}

/** What the drills must find out, as the simulation does. */
export const globalMutants: readonly GlobalMutant[] = [
  {
    name: "takeover-with-one-vote",
    about: "a lock is taken over when one region calls its holder gone",
    of: "coordinators",
    drill: "global-region-isolated",
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
    edits: [
      {
        file: "libs/core/src/quorum/acceptor.ts",
        find: "value: Uint8Array.of(...encodeBallot(ballot), 0),",
        replace: "value: Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255),",
      },
    ],
  },
];
