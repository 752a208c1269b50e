import type { Rule } from "../rule.ts";
import type { Violation } from "../violation.ts";
import { isTestFile } from "../zones.ts";

const sources = ["main.ts", "compose.ts", "config.ts"];

/** Keeps services to wiring. */
export const serviceShape: Rule = {
  name: "service-shape",
  says: "a service is main.ts, compose.ts, config.ts and a README.md",
  check(repository) {
    return repository.packages
      .filter(({ dir }) => /^services\/[^/]+$/.test(dir))
      .flatMap(({ dir }) => {
        const missing: Violation[] = [
          ...sources.map((name) => `${dir}/src/${name}`),
          `${dir}/README.md`,
        ]
          .filter((path) => !repository.files.has(path))
          .map((path) => ({
            path,
            line: 0,
            wrong: "is missing",
            wayOut: "a service has main.ts (process), compose.ts, config.ts and a README.md",
          }));
        const extra: Violation[] = [...repository.modules.keys()]
          .filter((path) => path.startsWith(`${dir}/src/`) && !isTestFile(path))
          .filter((path) => !sources.includes(path.slice(`${dir}/src/`.length)))
          .map((path) => ({
            path,
            line: 0,
            wrong: "a service only wires: this is a file too many",
            wayOut: "move decisions to libs/engine, a vendor's habits to libs/adapters",
          }));
        return [...missing, ...extra];
      });
  },
};
