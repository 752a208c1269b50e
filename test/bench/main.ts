import { writeFileSync } from "node:fs";
import { LocalBench } from "./local-bench.ts";
import { parseOptions, usage } from "./options.ts";
import { printTable } from "./table.ts";

const options = parseOptions(process.argv.slice(2));
if (options.kind === "help") {
  console.log(usage);
} else if (options.kind === "usage") {
  console.error(`${options.message}\n\n${usage}`);
  process.exitCode = 64;
} else {
  await using bench = new LocalBench(options, (line) => console.error(line));
  const figures = await bench.run();
  console.log(printTable(figures));
  if (options.jsonPath !== undefined) {
    writeFileSync(options.jsonPath, `${JSON.stringify(figures, null, 2)}\n`);
  }
}
