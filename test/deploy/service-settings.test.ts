import { describe, expect, it } from "vitest";
import {
  configuredSettings,
  documentedSettings,
  serviceNames,
  settingsIn,
  sharedSettings,
} from "./service-settings.ts";

describe.each(serviceNames())("the README of %s", (service) => {
  it("names every setting that the service's configuration reads", () => {
    expect([...documentedSettings(service)]).toEqual(
      expect.arrayContaining([...configuredSettings(service)]),
    );
  });

  it("names no setting that nothing reads", () => {
    const read = new Set([...configuredSettings(service), ...sharedSettings()]);
    expect([...documentedSettings(service)].filter((name) => !read.has(name))).toEqual([]);
  });
});

it("a setting is found in the words around it, and a prefix is none", () => {
  expect(settingsIn("| `HOLDFAST_S3_BUCKET`, `HOLDFAST_` | AWS_REGION")).toEqual(
    new Set(["HOLDFAST_S3_BUCKET", "AWS_REGION"]),
  );
});
