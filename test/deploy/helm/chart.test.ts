import { dirname, join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { configuredSettings, serviceNames, sharedSettings } from "../service-settings.ts";
import { podComplaints, probeComplaints } from "./pod-complaints.ts";
import { chart, type KubernetesObject, objectsIn, podOf, releases, render } from "./rendered.ts";
import { environmentOf, serviceConfigs } from "./service-configs.ts";
import { kubernetesVersion, run, toolPaths } from "./tools.ts";

const { paths, missing } = await toolPaths(["helm", "kubeconform", "kubernetes-schemas"]);

/** Schemas of what others bring into a cluster: as much of them as the chart may use. */
const customResources = join(import.meta.dirname, "custom-resources");
const judge = [
  ...["-strict", "-summary", "-output", "json", "-kubernetes-version", kubernetesVersion],
  ...["-schema-location", schemasIn(join(dirname(paths["kubernetes-schemas"] ?? "."), "schemas"))],
  ...["-schema-location", schemasIn(customResources)],
];

function schemasIn(folder: string): string {
  return join(folder, "{{.ResourceKind}}{{.KindSuffix}}.json");
}

/** A Deployment's component is the service it runs. */
function servicePods(objects: readonly KubernetesObject[]) {
  return objects
    .filter(({ kind }) => kind === "Deployment")
    .map((object) => ({
      service: object.metadata.labels?.["app.kubernetes.io/component"] ?? "",
      container: podOf(object)?.containers[0],
    }));
}

describe.skipIf(missing !== undefined).each(releases)("the release of $name", ({ files }) => {
  it("is right in Helm's eyes", async () => {
    const given = files.flatMap((file) => ["--values", file]);
    const kube = ["--kube-version", kubernetesVersion];
    const linted = await run(paths.helm, ["lint", "--strict", chart, ...kube, ...given]);
    expect([linted.code, linted.stdout.match(/^\[(WARNING|ERROR)\].*$/gm)]).toEqual([0, null]);
  });

  it("has objects that Kubernetes takes, every field known", async () => {
    const judged = await run(paths.kubeconform, judge, await render(paths.helm, files));
    const { resources = [], summary } = JSON.parse(judged.stdout);
    expect(resources).toEqual([]);
    expect(summary).toMatchObject({ invalid: 0, errors: 0, skipped: 0 });
    expect(summary.valid).toBeGreaterThan(8);
  });

  it("has pods that may do nothing but their work, and end well", async () => {
    const pods = objectsIn(await render(paths.helm, files)).flatMap((each) => podOf(each) ?? []);
    expect(pods.length).toBeGreaterThan(3);
    expect(pods.flatMap(podComplaints)).toEqual([]);
  });

  it("has services that are ended by nothing outside of them", async () => {
    const lasting = objectsIn(await render(paths.helm, files))
      .filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet")
      .flatMap((object) => podOf(object)?.containers ?? []);
    expect(lasting.flatMap(probeComplaints)).toEqual([]);
  });

  it("runs services that exist, with settings that they read", async () => {
    for (const { service, container } of servicePods(objectsIn(await render(paths.helm, files)))) {
      expect(serviceNames()).toContain(service);
      const read = new Set([...configuredSettings(service), ...sharedSettings()]);
      const unknown = container?.env?.filter(({ name }) => !read.has(name)) ?? [];
      expect(unknown.map(({ name }) => `${service}: ${name}`)).toEqual([]);
    }
  });

  it("gives every service a configuration that it takes", async () => {
    for (const { service, container } of servicePods(objectsIn(await render(paths.helm, files)))) {
      const readConfig = serviceConfigs[service] ?? expect.fail(`nobody reads ${service}`);
      const env = environmentOf(container ?? expect.fail("no container"));
      const config = readConfig(env) as { region: string };
      expect(config.region).toBe(env.HOLDFAST_REGION);
    }
  });
});

describe.skipIf(missing !== undefined)("who judges the chart", () => {
  it("refuses an object with a field that nobody knows, ours and others'", async () => {
    const rendered = await render(paths.helm, releases[1]?.files ?? []);
    const spoilt = rendered
      .replace("  minReadySeconds: 5", "  minReadSeconds: 5")
      .replace("  secretName: hf-etcd-ca", "  secretNam: hf-etcd-ca");
    const { resources } = JSON.parse((await run(paths.kubeconform, judge, spoilt)).stdout);
    const kinds = resources.map(({ kind }: { kind: string }) => kind).sort();
    expect(kinds).toEqual(["Certificate", "Deployment"]);
  });
});

test("a pod that could do more than its work is complained of", () => {
  const pod = { containers: [{ name: "a", image: "a" }], terminationGracePeriodSeconds: 5 };
  expect(podComplaints(pod)).toEqual([
    "may run as root",
    "has no seccomp profile",
    "is given a token of the API",
    "is given variables for every Service",
    "a may gain rights",
    "a may write to its root",
    "a has capabilities",
    "a has no requests of cpu",
    "a has no requests of memory",
    "a has no limits of cpu",
    "a has no limits of memory",
    "is killed before it has drained",
  ]);
});

test("a service that the loss of a quorum would end is complained of", () => {
  const probe = (path: string) => ({ httpGet: { path } });
  const container = { name: "a", image: "a", startupProbe: probe("/healthz") };
  expect(probeComplaints(container)).toEqual(["a lacks a probe"]);
  const probes = { livenessProbe: probe("/ready"), readinessProbe: probe("/ready") };
  expect(probeComplaints({ ...container, ...probes })).toEqual([
    "a is ended by /ready",
    "a is ended at its start by /healthz",
    "a is ready as it lives",
    "a ends while it is still sent work",
  ]);
});
