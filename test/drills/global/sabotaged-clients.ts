import { sabotage } from "../../sabotage/sabotage.ts";
import { mutantCalled } from "./global-mutants.ts";

/** Loaded into a process of clients before its own code: makes its SDK the build that is named. */
sabotage(mutantCalled(process.env.HOLDFAST_MUTANT ?? "").edits);
