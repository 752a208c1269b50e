import { parseArgs } from "node:util";
import { sabotage } from "../sabotage/sabotage.ts";
import { registerMutants, ruleMutants } from "../simulation/register/register-mutants.ts";

const usage = `npm run model -- [options]
  --scope NAME   what to explore: contenders (default), takeover or retry
  --states N     stop after N states (default 2000000)
  --mutant NAME  explore a sabotaged build, and print the shortest way to break it
  --json         print the result as one object`;

const { values } = parseArgs({
  options: {
    scope: { type: "string", default: "contenders" },
    states: { type: "string", default: "2000000" },
    mutant: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function main(): Promise<void> {
  if (values.mutant !== undefined) {
    const known = [...registerMutants, ...ruleMutants];
    const mutant = known.find(({ name }) => name === values.mutant);
    if (mutant === undefined) throw new Error(`no mutant is called ${values.mutant}`);
    sabotage(mutant.edits);
  }
  const { explore } = await import("./explore.ts");
  const { scopes } = await import("./scopes.ts");
  const scope = scopes[values.scope as keyof typeof scopes];
  if (scope === undefined) throw new Error(`no scope is called ${values.scope}\n${usage}`);
  const found = explore(scope, Number(values.states));
  if (values.json) console.log(JSON.stringify(found));
  else console.log(printExploration(scope.name, found));
  if (found.counterexample !== undefined) process.exitCode = 1;
}

type Found = Awaited<ReturnType<typeof import("./explore.ts")["explore"]>>;

function printExploration(name: string, found: Found): string {
  const { states, depth, isComplete, elapsedMs, counterexample } = found;
  const lines = [
    `${name}: ${states.toLocaleString("en")} states, ${depth} deep, ` +
      `${(elapsedMs / 1_000).toFixed(1)} s, ${isComplete ? "all of the scope" : "not all of it"}`,
  ];
  if (counterexample === undefined) lines.push("no violation");
  else {
    const { violation, steps } = counterexample;
    lines.push(...steps.map((step) => `  ${step}`), `${violation.checker}: ${violation.message}`);
  }
  return lines.join("\n");
}

if (values.help) console.log(usage);
else await main();
