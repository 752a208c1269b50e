import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { kubernetesSchemas } from "./kubernetes-schemas.ts";
import { PINNED } from "./pinned-versions.ts";
import type { MakeContext, MakeResult, Recipe } from "./recipe.ts";
import { runCommand } from "./run-command.ts";

const DOWNLOAD_TIMEOUT_MS = 600_000;

/**
 * JSON schemas of every kind of Kubernetes object, strict ones: a field they do not know is an
 * error. Made of the API description in Kubernetes' own Go module; they lie in `schemas/` beside a
 * script that says their version.
 */
export function kubernetesSchemasRecipe(): Recipe {
  const { version } = PINNED.kubernetes;
  return {
    tool: "kubernetes-schemas",
    executable: "kubernetes-schemas",
    versionArgs: [],
    versionMin: version,
    olderIsBadBecause: "lacks fields the chart uses",
    entry: `kubernetes-schemas-${version}`,
    pathInEntry: "kubernetes-schemas",
    makers: [{ source: "built", make: makeSchemas }],
  };
}

async function makeSchemas(context: MakeContext): Promise<MakeResult> {
  const { version, sum } = PINNED.kubernetes;
  context.report("downloading the Go module k8s.io/kubernetes");
  const got = await runCommand(
    "go",
    ["mod", "download", "-json", `k8s.io/kubernetes@v${version}`],
    {
      // Outside of any module: only then does Go take a version that nothing requires.
      cwd: context.folder,
      env: { ...context.env, GOFLAGS: "-mod=mod", GOWORK: "off" },
      signal: context.signal,
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
    },
  );
  if (got.kind === "failed") {
    return { kind: "not-possible", why: `Go could not fetch k8s.io/kubernetes (${got.why})` };
  }
  const module = JSON.parse(got.stdout) as { Dir: string; Sum: string };
  if (module.Sum !== sum) {
    return { kind: "not-possible", why: `k8s.io/kubernetes has the checksum ${module.Sum}` };
  }
  const description = join(module.Dir, "api/openapi-spec/swagger.json");
  const schemas = kubernetesSchemas(JSON.parse(await readFile(description, "utf8")));
  const folder = join(context.folder, "schemas");
  await mkdir(folder);
  for (const [name, schema] of schemas) {
    await writeFile(join(folder, name), JSON.stringify(schema));
  }
  const script = join(context.folder, "kubernetes-schemas");
  await writeFile(script, `#!/bin/sh\necho ${version}\n`);
  await chmod(script, 0o755);
  return { kind: "made", how: `made of the API description of Kubernetes ${version}` };
}
