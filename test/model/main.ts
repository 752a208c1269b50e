import { parseArgs } from "node:util";
import { sabotage } from "../sabotage/sabotage.ts";
import { delegationMutants } from "../simulation/delegation/delegation-mutants.ts";
import { registerMutants, ruleMutants } from "../simulation/register/register-mutants.ts";
import { regionMutants } from "./delegation/region-mutants.ts";
import { hunt } from "./hunt.ts";
import { type Hunted, printCounterexample, printExploration, printHunted } from "./print.ts";

const usage = `npm run model -- [options]
  --scope NAME    what to explore (default contenders); --scopes lists them
  --scopes        say what there is to explore
  --states N      stop after N states (default 50000000)
  --mutant NAME   explore a sabotaged build, and draw the shortest way to break it;
                  without --scope, the scopes are tried one after the other
  --mutants       all sabotaged builds, as a table
  --mermaid       draw for pages that know Mermaid
  --exact         leave out nothing that could matter to a sabotaged build; far more states
  --json          print the result as one object`;

const { values } = parseArgs({
  options: {
    scope: { type: "string" },
    scopes: { type: "boolean", default: false },
    states: { type: "string", default: "50000000" },
    mutant: { type: "string" },
    mutants: { type: "boolean", default: false },
    mermaid: { type: "boolean", default: false },
    exact: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const delegated = delegationMutants.filter(({ name }) => {
  return !regionMutants.some((mutant) => mutant.name === name);
});
const known = [...registerMutants, ...ruleMutants, ...regionMutants, ...delegated];

async function main(): Promise<void> {
  if (values.help) console.log(usage);
  else if (values.scopes) await listScopes();
  else if (values.mutants) huntAll();
  else if (values.mutant !== undefined && values.scope === undefined) huntOne(values.mutant);
  else await exploreScope(values.scope ?? "contenders");
}

async function exploreScope(name: string): Promise<void> {
  if (values.mutant !== undefined) sabotage(mutantNamed(values.mutant).edits);
  // Not before the sabotage: what is loaded once stays as it is.
  const { exploreNamed } = await import("./explore-named.ts");
  const options = { statesMax: Number(values.states), isExact: values.exact };
  const { scope, found } = exploreNamed(name, options);
  const { counterexample } = found;
  if (counterexample !== undefined) process.exitCode = 1;
  if (values.json) console.log(JSON.stringify(found));
  else {
    if (counterexample !== undefined) {
      console.log(printCounterexample(counterexample, values.mermaid));
    }
    if (!values.mermaid) console.log(printExploration(scope, found));
  }
}

function huntOne(name: string): void {
  const hunted = hunt(mutantNamed(name));
  const example = hunted.found?.result.counterexample;
  if (values.json) console.log(JSON.stringify(hunted));
  else if (example !== undefined) {
    console.log(printCounterexample(example, values.mermaid));
    if (!values.mermaid) console.log(`\n${printHunted([hunted])}`);
  } else console.log(printHunted([hunted]));
  if (example !== undefined) process.exitCode = 1;
}

function huntAll(): void {
  const all: Hunted[] = known.map(hunt);
  console.log(values.json ? JSON.stringify(all) : printHunted(all));
  const lost = all.filter(({ found, why }) => found === undefined && why === undefined);
  if (lost.length > 0) {
    process.exitCode = 1;
    console.log(`not found: ${lost.map(({ name }) => name).join(", ")}`);
  }
}

function mutantNamed(name: string) {
  const mutant = known.find((each) => each.name === name);
  if (mutant === undefined) {
    throw new Error(
      `no mutant is called ${name}; there are ${known.map((m) => m.name).join(", ")}`,
    );
  }
  return mutant;
}

async function listScopes(): Promise<void> {
  const { allScopes } = await import("./explore-named.ts");
  for (const { name, story } of allScopes) console.log(`${name.padEnd(18)} ${story}`);
}

await main();
