import type { Rule } from "./rule.ts";
import { bannedNames } from "./rules/banned-names.ts";
import { bannedPaths } from "./rules/banned-paths.ts";
import { bannedSyntax } from "./rules/banned-syntax.ts";
import { deadExports } from "./rules/dead-exports.ts";
import { deadFiles } from "./rules/dead-files.ts";
import { declaredDependencies } from "./rules/declared-dependencies.ts";
import { docComments } from "./rules/doc-comments.ts";
import { documents } from "./rules/documents.ts";
import { floors } from "./rules/floors.ts";
import { importCircles } from "./rules/import-circles.ts";
import { machinePaths } from "./rules/machine-paths.ts";
import { registryHosts } from "./rules/registry-hosts.ts";
import { resolvedImports } from "./rules/resolved-imports.ts";
import { serviceShape } from "./rules/service-shape.ts";
import { sizes } from "./rules/sizes.ts";
import { unfinishedNotes } from "./rules/unfinished-notes.ts";
import { vendorImports } from "./rules/vendor-imports.ts";

/** All rules of the house. */
export const rules: readonly Rule[] = [
  floors,
  declaredDependencies,
  vendorImports,
  resolvedImports,
  importCircles,
  bannedNames,
  bannedSyntax,
  bannedPaths,
  sizes,
  deadFiles,
  deadExports,
  docComments,
  machinePaths,
  registryHosts,
  unfinishedNotes,
  serviceShape,
  documents,
];
