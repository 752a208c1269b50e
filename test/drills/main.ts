import { parseArgs } from "node:util";
import { runFaultDrill } from "./fault-drill.ts";
import { faultDrills } from "./fault-drills.ts";
import { resultLines } from "./result-lines.ts";

const usage = `npm run drill -- NAME [options]     the whole platform, real processes, one drill alone
  --list         what there is
  --seconds N    how long (default: every fault once)
  --seed N       what the clients do (default 1)
  --mutant NAME  with sabotaged routers (names: npm run simulate -- --list)`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean", default: false },
    seconds: { type: "string" },
    seed: { type: "string", default: "1" },
    mutant: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const [name] = positionals;
const drill = faultDrills.find((each) => each.name === name);
if (values.list) for (const each of faultDrills) console.log(`${each.name}: ${each.about}`);
else if (drill === undefined) {
  console.log(name === undefined ? usage : `no drill is called ${name}: try --list\n\n${usage}`);
  process.exitCode = values.help ? 0 : 64;
} else {
  const seconds = Number(values.seconds ?? drill.seconds);
  const { mutant } = values;
  const result = await runFaultDrill({
    name: drill.name,
    faults: drill.faults(seconds),
    seconds,
    seed: Number(values.seed),
    ...(mutant === undefined ? {} : { mutant }),
  });
  for (const line of resultLines(drill.name, result)) console.log(line);
  if (result.verdict.violations.length + result.shortfalls.length > 0) process.exitCode = 1;
}
