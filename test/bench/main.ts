import { writeFileSync } from "node:fs";
import { AuditBench } from "./audit/audit-bench.ts";
import { auditBars, globalBars, localBars } from "./bars.ts";
import { GlobalBench } from "./global/global-bench.ts";
import { LocalBench } from "./local-bench.ts";
import { parseOptions, usage } from "./options.ts";
import { printTable } from "./table.ts";

const suites = {
  local: { Bench: LocalBench, bars: localBars },
  global: { Bench: GlobalBench, bars: globalBars },
  audit: { Bench: AuditBench, bars: auditBars },
} as const;

const options = parseOptions(process.argv.slice(2));
if (options.kind === "help") {
  console.log(usage);
} else if (options.kind === "usage") {
  console.error(`${options.message}\n\n${usage}`);
  process.exitCode = 64;
} else {
  const { Bench, bars } = suites[options.suite];
  await using bench = new Bench(options, (line) => console.error(line));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void bench[Symbol.asyncDispose]().finally(() => process.exit(130));
    });
  }
  const { figures, failed } = await bench.run();
  console.log(printTable(figures, bars));
  for (const reason of failed) console.error(`failed: ${reason}`);
  if (failed.length > 0) process.exitCode = 1;
  if (options.jsonPath !== undefined) {
    writeFileSync(options.jsonPath, `${JSON.stringify(figures, null, 2)}\n`);
  }
}
