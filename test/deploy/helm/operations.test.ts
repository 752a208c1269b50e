import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { repositoryRoot } from "../service-settings.ts";
import { chart, type KubernetesObject, objectsIn, releases, render } from "./rendered.ts";
import { run, toolPaths } from "./tools.ts";

const { paths, missing } = await toolPaths(["helm"]);
const text = readFileSync(join(repositoryRoot, "docs/operations.md"), "utf8");
/** What is there to be pasted, without the indentation of the list that a block may be in. */
const blocks = [...text.matchAll(/^( *)```sh\n(.*?)^ *```$/gms)].map(([, indent = "", block]) =>
  (block ?? "").replaceAll(new RegExp(`^${indent}`, "gm"), ""),
);
const full = releases.find(({ name }) => name === "ci/full-values.yaml")?.files ?? [];
const variables: Readonly<Record<string, string>> = {
  RELEASE: "hf",
  SHARD: "s0",
  LOST: "2",
  VIA: "0",
};

/** Every name that a release makes: objects, the secrets of certificates, members and volumes. */
function namesOf(objects: readonly KubernetesObject[]): Set<string> {
  const names = new Set(objects.map(({ metadata }) => metadata.name));
  for (const { kind, metadata } of objects) {
    for (let member = 0; kind === "StatefulSet" && member < 3; member++) {
      names.add(`${metadata.name}-${member}`).add(`data-${metadata.name}-${member}`);
    }
  }
  return names;
}

describe("docs/operations.md", () => {
  it("has commands that a shell can read", async () => {
    expect(blocks.length).toBeGreaterThan(15);
    for (const block of blocks) {
      expect(await run("bash", ["-n"], block)).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it.skipIf(missing !== undefined)("names objects that the chart makes", async () => {
    const names = namesOf(objectsIn(await render(paths.helm, full)));
    const named = blocks.flatMap((block) => block.match(/(?:data-)?\$RELEASE-[\w$-]+/g) ?? []);
    const unknown = named
      .map((name) => name.replaceAll(/\$([A-Z]+)/g, (_, each: string) => variables[each] ?? each))
      // A job that the reader makes there and then.
      .filter((name) => !name.endsWith("-snapshot-now") && !names.has(name));
    expect(named.length).toBeGreaterThan(15);
    expect(unknown).toEqual([]);
  });

  it("sets values that the chart has", () => {
    const values = parse(readFileSync(join(chart, "values.yaml"), "utf8"));
    const set = blocks.flatMap((block) => [...block.matchAll(/--set(?:-string)? ([\w.]+)/g)]);
    const unknown = set
      .map(([, path = ""]) => path.replace(/\.$/, ""))
      .filter((path) => path.split(".").reduce((at, key) => at?.[key], values) === undefined);
    expect(set.length).toBeGreaterThan(4);
    expect(unknown).toEqual([]);
  });
});
