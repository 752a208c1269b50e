import { sabotage } from "../sabotage/sabotage.ts";
import { mutants } from "../simulation/mutants.ts";

/** Loaded into a router before its own code (`--import`): makes it the build that is named. */
const name = process.env.HOLDFAST_MUTANT;
const mutant = mutants.find((each) => each.name === name);
if (mutant === undefined) throw new Error(`no sabotaged build is called ${name}`);
sabotage(mutant.edits);
