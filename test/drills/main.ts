import { parseArgs } from "node:util";
import type { DrillEnd } from "./drill.ts";
import { drillCatalogue } from "./drill-catalogue.ts";
import { runSabotage, sabotageList } from "./global/global-catalogue.ts";

const usage = `npm run drill -- NAME [options]     one drill alone: the whole platform, real processes
  --list         what there is
  --short        the form that npm test runs, of those that have one
  --seconds N    how long (default: every fault once)
  --seed N       what the clients do (default 1)
  --sabotage NAME  a sabotaged build of the global tier in the drill that must find it out
  --mutant NAME  with sabotaged routers (release-anybody, or of npm run simulate -- --list)`;

const exitUsage = 64;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean", default: false },
    seconds: { type: "string" },
    short: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    mutant: { type: "string" },
    sabotage: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const [name] = positionals;
const drill = drillCatalogue.find((each) => each.name === name);
if (values.list) {
  for (const each of drillCatalogue) console.log(`${each.name}: ${each.about}`);
  for (const line of sabotageList) console.log(line);
} else if (values.help) console.log(usage);
else if (values.sabotage !== undefined) {
  conclude(await runSabotage(values.sabotage, Number(values.seed)));
} else if (drill === undefined) {
  console.error(name === undefined ? usage : `no drill is called ${name}: try --list\n\n${usage}`);
  process.exitCode = exitUsage;
} else {
  conclude(
    await drill.run({
      seconds: values.seconds === undefined ? undefined : Number(values.seconds),
      seed: Number(values.seed),
      mutant: values.mutant,
      isShort: values.short,
    }),
  );
}

function conclude({ lines, isWell }: DrillEnd): void {
  for (const line of lines) console.log(line);
  if (!isWell) process.exitCode = 1;
}
