import { type Edit, sabotage } from "../sabotage/sabotage.ts";
import { mutants } from "../simulation/mutants.ts";

/**
 * "Delete whatever holds, no token", as it does the most harm over a real etcd: without a
 * hand-over, for etcd refuses to delete a range and put a key of it in one transaction.
 */
const releaseAnybody: readonly Edit[] = [
  {
    file: "libs/core/src/lock/release.ts",
    find: "compares: [epochIs(plan.epoch), createdAt(own, plan.revision)],",
    replace: "compares: [epochIs(plan.epoch)],",
  },
  {
    file: "libs/core/src/lock/release.ts",
    find: 'const success: Op[] = [{ kind: "delete", key: own }];',
    replace: `const holders = plan.keys.exclusive;
      const success: Op[] = [{ kind: "delete", key: holders.prefix, rangeEnd: holders.end }];`,
  },
  {
    file: "libs/engine/src/local-release.ts",
    find: "const queue = mayHandOver ? this.#context.queues.find(site) : undefined;",
    replace: "const queue = undefined;",
  },
];

/** Loaded into a router before its own code (`--import`): makes it the build that is named. */
const name = process.env.HOLDFAST_MUTANT;
const edits =
  name === "release-anybody" ? releaseAnybody : mutants.find((each) => each.name === name)?.edits;
if (edits === undefined) throw new Error(`no sabotaged build is called ${name}`);
sabotage(edits);
