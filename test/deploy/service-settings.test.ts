import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  configuredSettings,
  documentedSettings,
  repositoryRoot,
  serviceNames,
  settingsIn,
} from "./service-settings.ts";

/** What the shared parts of every process read, beside a service's own configuration. */
const sharedSettings = settingsIn(
  ["libs/runtime/src", "libs/adapters/telemetry/src"]
    .flatMap((folder) => sourcesOf(join(repositoryRoot, folder)))
    .map((file) => readFileSync(file, "utf8"))
    .join("\n"),
);

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
}

describe.each(serviceNames())("the README of %s", (service) => {
  it("names every setting that the service's configuration reads", () => {
    expect([...documentedSettings(service)]).toEqual(
      expect.arrayContaining([...configuredSettings(service)]),
    );
  });

  it("names no setting that nothing reads", () => {
    const read = new Set([...configuredSettings(service), ...sharedSettings]);
    expect([...documentedSettings(service)].filter((name) => !read.has(name))).toEqual([]);
  });
});

it("a setting is found in the words around it, and a prefix is none", () => {
  expect(settingsIn("| `HOLDFAST_S3_BUCKET`, `HOLDFAST_` | AWS_REGION")).toEqual(
    new Set(["HOLDFAST_S3_BUCKET", "AWS_REGION"]),
  );
});
