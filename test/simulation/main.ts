import { parseArgs } from "node:util";
import { sabotage } from "../sabotage/sabotage.ts";
import { allMutants } from "./mutants.ts";
import { runSeeds, type Stretch } from "./seed-pool.ts";
import { printReport } from "./seed-report.ts";

const usage = `npm run simulate -- [options]
  --seeds N      run N seeds (default 1000)
  --from N       the first of them (default 1)
  --workers N    in N processes (default 2)
  --seed N       run this one seed alone
  --trace        with --seed: print what happened
  --mutant NAME  run a sabotaged build, until it is found out
  --hashes       with --from and --seeds: print the hash of each seed's trace
  --list         name the sabotaged builds and the scenarios
  --scenario N   play one scenario; with --trace in every detail, with --mutant sabotaged`;

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    from: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
    seed: { type: "string" },
    trace: { type: "boolean", default: false },
    mutant: { type: "string" },
    scenario: { type: "string" },
    hashes: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    worker: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

/** Undefined where the honest build is to be run. */
function chosenMutant() {
  if (values.mutant === undefined) return undefined;
  const mutant = allMutants.find(({ name }) => name === values.mutant);
  if (mutant === undefined) throw new Error(`no mutant is called ${values.mutant}: try --list`);
  return mutant;
}

/** Before anything of the build is imported, or the sabotage would come too late. */
async function loadWorld() {
  const mutant = chosenMutant();
  if (mutant !== undefined) sabotage(mutant.edits);
  return {
    ...(await import("./run-stretch.ts")),
    ...(await import("./scenarios/run-scenario.ts")),
  };
}

async function list(): Promise<void> {
  for (const { name, phrase } of allMutants) console.log(`mutant ${name}: ${phrase}`);
  const { scenarios } = await loadWorld();
  for (const { name, rule } of scenarios) console.log(`scenario ${name}: ${rule}`);
}

async function playOne(name: string): Promise<void> {
  const { scenarios, runScenario } = await loadWorld();
  const scenario = scenarios.find((it) => it.name === name);
  if (scenario === undefined) throw new Error(`no scenario is called ${name}: try --list`);
  const { lines, trace, broken } = await runScenario(scenario);
  console.log(scenario.rule);
  for (const line of values.trace ? trace : lines) console.log(line);
  for (const what of broken) console.log(`BROKEN ${what}`);
  if (broken.length > 0) process.exitCode = 1;
}

async function runOne(seed: number): Promise<void> {
  const { runAlone } = await loadWorld();
  const { result, lines } = await runAlone(seed, values.trace);
  for (const line of lines) console.log(line);
  for (const { checker, atMs, message } of result.violations) {
    console.log(`VIOLATION ${checker} at ${atMs.toFixed(1)} ms: ${message}`);
  }
  const found = result.violations.length === 0 ? "no violation" : "violations";
  console.log(`seed ${seed}: ${found}, trace ${result.hash}, ${JSON.stringify(result.figures)}`);
  if (result.violations.length > 0) process.exitCode = 1;
}

async function printHashes(from: number, count: number): Promise<void> {
  const { runAlone } = await loadWorld();
  for (let seed = from; seed < from + count; seed++) {
    const { result } = await runAlone(seed, false);
    console.log(result.hash);
  }
}

async function serveParent(): Promise<void> {
  const { runStretch } = await loadWorld();
  process.on("message", (stretch: Stretch) => {
    void runStretch(stretch).then((result) => process.send?.(result));
  });
}

async function runMany(): Promise<void> {
  const mutant = chosenMutant()?.name;
  const report = await runSeeds({
    from: Number(values.from),
    count: Number(values.seeds),
    workers: Number(values.workers),
    ...(mutant === undefined ? {} : { mutant, stopAtFirst: true }),
  });
  console.log(printReport(report, mutant));
  if (report.failures.length > 0) process.exitCode = 1;
}

if (values.help) console.log(usage);
else if (values.list) await list();
else if (values.hashes) await printHashes(Number(values.from), Number(values.seeds));
else if (values.worker) await serveParent();
else if (values.scenario !== undefined) await playOne(values.scenario);
else if (values.seed !== undefined) await runOne(Number(values.seed));
else await runMany();
