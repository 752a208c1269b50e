import { parseArgs } from "node:util";
import { sabotage } from "../sabotage/sabotage.ts";
import { delegationMutants, delegationRuleMutants } from "./delegation/delegation-mutants.ts";
import { allGlobalMutants } from "./global/global-mutants.ts";
import { allMutants } from "./mutants.ts";
import { registerMutants, ruleMutants } from "./register/register-mutants.ts";
import { runSeeds, type Stretch, type World } from "./seed-pool.ts";
import { printReport, type SeedResult } from "./seed-report.ts";

const usage = `npm run simulate -- [options]
  --seeds N      run N seeds (default 1000)
  --from N       the first of them (default 1)
  --workers N    in N processes (default 2)
  --seed N       run this one seed alone
  --global       with --seeds, --seed, --hashes: the world of the global tier, not of the local one
  --schedules N  run N schedules of a global lock's register instead (see --from, --workers)
  --schedule N   run this one schedule alone
  --delegations N  run N schedules of a lock that is delegated to regions (see --from, --workers)
  --delegation N   run this one of them alone
  --rule H       play the steps of one rule of a register, with --mutant sabotaged
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
    schedules: { type: "string" },
    schedule: { type: "string" },
    delegations: { type: "string" },
    delegation: { type: "string" },
    rule: { type: "string" },
    world: { type: "string" },
    global: { type: "boolean", default: false },
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
  const ofRegisters = [...registerMutants, ...ruleMutants];
  const ofDelegations = [...delegationMutants, ...delegationRuleMutants];
  const known = [...allMutants, ...ofRegisters, ...ofDelegations, ...allGlobalMutants];
  const mutant = known.find(({ name }) => name === values.mutant);
  if (mutant === undefined) throw new Error(`no mutant is called ${values.mutant}: try --list`);
  return mutant;
}

/** Before anything of the build is imported, or the sabotage would come too late. */
function sabotageIfAsked(): void {
  const mutant = chosenMutant();
  if (mutant !== undefined) sabotage(mutant.edits);
}

async function loadRegister() {
  sabotageIfAsked();
  return {
    ...(await import("./register/run-schedules.ts")),
    ...(await import("./register/run-schedule.ts")),
  };
}

async function loadDelegation() {
  sabotageIfAsked();
  return await import("./delegation/run-delegation.ts");
}

async function loadWorld() {
  sabotageIfAsked();
  return {
    ...(await import("./run-stretch.ts")),
    ...(await import("./scenarios/run-scenario.ts")),
  };
}

/** How the world of a seed is made; undefined for that of the local tier. */
async function loadMaker(isGlobal: boolean) {
  if (!isGlobal) return undefined;
  const { GlobalWorld } = await import("./global/global-world.ts");
  return (seed: number, keepTrace: boolean) => new GlobalWorld(seed, keepTrace);
}

async function list(): Promise<void> {
  for (const { name, phrase } of allMutants) console.log(`mutant ${name}: ${phrase}`);
  for (const { name, phrase } of registerMutants) {
    console.log(`mutant ${name} (--schedules): ${phrase}`);
  }
  for (const { name, phrase } of allGlobalMutants)
    console.log(`mutant ${name} (--global): ${phrase}`);
  for (const { name, rule, phrase } of ruleMutants) {
    console.log(`mutant ${name} (--rule ${rule}): ${phrase}`);
  }
  for (const { name, phrase } of delegationMutants) {
    console.log(`mutant ${name} (--delegations): ${phrase}`);
  }
  const { scenarios } = await loadWorld();
  for (const { name, rule } of scenarios) console.log(`scenario ${name}: ${rule}`);
  const { rules } = await import("./register/rules.ts");
  const { delegationRules } = await import("./delegation/delegation-rules.ts");
  for (const { rule, story } of [...rules, ...delegationRules]) {
    console.log(`rule ${rule}: ${story}`);
  }
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
  const make = await loadMaker(values.global);
  const { result, lines } = await runAlone(seed, values.trace, make);
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
  const make = await loadMaker(values.global);
  for (let seed = from; seed < from + count; seed++) {
    const { result } = await runAlone(seed, false, make);
    console.log(result.hash);
  }
}

async function runOneSchedule(seed: number): Promise<void> {
  const { runSchedule } = await loadRegister();
  printSchedule(runSchedule(seed));
}

async function runOneDelegation(seed: number): Promise<void> {
  const { runDelegation } = await loadDelegation();
  printSchedule(runDelegation(seed));
}

function printSchedule({ seed, violations, figures }: SeedResult): void {
  for (const { checker, atMs, message } of violations) {
    console.log(`VIOLATION ${checker} at ${atMs.toFixed(1)} ms: ${message}`);
  }
  const found = violations.length === 0 ? "no violation" : "violations";
  console.log(`schedule ${seed}: ${found}, ${JSON.stringify(figures)}`);
  if (violations.length > 0) process.exitCode = 1;
}

async function playRule(name: string): Promise<void> {
  sabotageIfAsked();
  const { rules } = await import("./register/rules.ts");
  const { delegationRules } = await import("./delegation/delegation-rules.ts");
  const rule = [...rules, ...delegationRules].find((it) => it.rule === name);
  if (rule === undefined) throw new Error(`no rule is called ${name}: try --list`);
  console.log(rule.story);
  try {
    rule.play();
  } catch (error) {
    console.log(`BROKEN ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}

async function serveParent(world: World): Promise<void> {
  if (world === "register") {
    const { runSchedules } = await loadRegister();
    process.on("message", (stretch: Stretch) => process.send?.(runSchedules(stretch)));
    return;
  }
  if (world === "delegation") {
    const { runDelegations } = await loadDelegation();
    process.on("message", (stretch: Stretch) => process.send?.(runDelegations(stretch)));
    return;
  }
  const { runStretch } = await loadWorld();
  const make = await loadMaker(world === "global");
  process.on("message", (stretch: Stretch) => {
    void runStretch(stretch, make).then((result) => process.send?.(result));
  });
}

async function runMany(world: World, count: number): Promise<void> {
  const mutant = chosenMutant()?.name;
  const report = await runSeeds({
    world,
    from: Number(values.from),
    count,
    workers: Number(values.workers),
    ...(mutant === undefined ? {} : { mutant, stopAtFirst: true }),
  });
  console.log(printReport(report, mutant, world));
  if (report.failures.length > 0) process.exitCode = 1;
}

function worldOf(name: string | undefined): World {
  return name === "register" || name === "delegation" || name === "global" ? name : "local";
}

if (values.help) console.log(usage);
else if (values.list) await list();
else if (values.hashes) await printHashes(Number(values.from), Number(values.seeds));
else if (values.worker) await serveParent(worldOf(values.world));
else if (values.scenario !== undefined) await playOne(values.scenario);
else if (values.seed !== undefined) await runOne(Number(values.seed));
else if (values.rule !== undefined) await playRule(values.rule);
else if (values.schedule !== undefined) await runOneSchedule(Number(values.schedule));
else if (values.delegation !== undefined) await runOneDelegation(Number(values.delegation));
else if (values.delegations !== undefined) await runMany("delegation", Number(values.delegations));
else if (values.schedules !== undefined) await runMany("register", Number(values.schedules));
else await runMany(values.global ? "global" : "local", Number(values.seeds));
