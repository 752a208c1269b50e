import { matchingLines } from "../matching-lines.ts";
import type { Rule } from "../rule.ts";

/** Hosts from which packages are downloaded: which one serves is a setting of the machine. */
const registryHost = new RegExp(
  [
    "\\bregistry\\.(npmjs|yarnpkg|npmmirror)\\.\\w+",
    "\\b(proxy|sum)\\.golang\\.(org|google)",
    "\\brepo1?\\.maven\\.(org|apache\\.org)",
    "\\bfiles\\.pythonhosted\\.org",
    "\\b(deb|archive|security)\\.(debian|ubuntu)\\.(org|com)",
    "\\b[\\w-]*(artifactory|jfrog|nexus)[\\w-]*\\.[\\w.-]+",
    '^\\s*("?(@[\\w-]+:)?registry"?|index-url|GOPROXY)\\s*[:=]\\s*\\S+',
    '"resolved": "https?:',
  ].join("|"),
  "m",
);

/** Keeps download addresses out of the repository, those of the lock file included. */
export const registryHosts: Rule = {
  name: "registry-hosts",
  says: "no registry and no download address is committed",
  check: (repository) =>
    matchingLines(repository, registryHost, (match) => ({
      wrong: `${match} ties the build to one registry`,
      wayOut:
        "leave the address to the machine's own settings; for package-lock.json run " +
        "npm install with omit-lockfile-registry-resolved=true (.npmrc has it)",
    })),
};
