import { bans } from "../bans.ts";
import { handWritten } from "../repository.ts";
import type { Rule } from "../rule.ts";
import { matchesPath } from "../zones.ts";

/** Keeps time, randomness, output and the end of the process behind their doors. */
export const bannedNames: Rule = {
  name: "banned-names",
  says: "names of test/tidy/bans.ts are used only where that table lets them",
  check(repository) {
    return handWritten(repository).flatMap(({ path, facts }) =>
      bans
        .filter(({ allowedIn }) => !allowedIn.some((pattern) => matchesPath(path, pattern)))
        .flatMap(({ names, why, wayOut }) =>
          names.flatMap((name) =>
            (facts.mentions.get(name) ?? []).map((line) => ({
              path,
              line,
              wrong: `${name.replace("#", " ")} ${why}`,
              wayOut,
            })),
          ),
        ),
    );
  },
};
