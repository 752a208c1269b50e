import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { exampleOf, examples } from "./examples.ts";

const folder = resolve(import.meta.dirname, "..");
const isCheck = process.argv[2] === "--check";

// Writes the configurations that lie beside the README, or says which are not as they would be.
for (const { file, tls } of examples) {
  const path = join(folder, file);
  if (!isCheck) writeFileSync(path, exampleOf(tls));
  else if (readFileSync(path, "utf8") !== exampleOf(tls)) {
    process.stderr.write(
      `${path} is not as it would be written: run node infra/haproxy/src/main.ts\n`,
    );
    process.exitCode = 1;
  }
}
