import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import {
  type CataloguedMetric,
  metricCatalogue,
} from "@holdfast/adapter-telemetry/metric-catalogue";
import { Holdfast } from "@holdfast/client";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { etcdMissing } from "../etcd-server.ts";
import { fieldsOf, fits, mappedFields } from "./field-mapping.ts";
import { LocalPlatform, startService } from "./local-platform.ts";
import { type Scrape, scrape } from "./scrape.ts";

const elastic = resolve(import.meta.dirname, "../../../infra/elastic");
const catalogue = metricCatalogue();

/** What the page says of a service; `except`: names that the others are to be without. */
function cataloguedOf(service: string, except = /^$/): Map<string, CataloguedMetric> {
  const of = catalogue.filter(
    ({ services, name }) => services.includes(service) && !except.test(name),
  );
  return new Map(of.map((metric) => [metric.name, metric]));
}

/** Scrape and page name the same instruments, of the same kinds, with the same labels. */
function agree(told: Scrape, expected: Map<string, CataloguedMetric>): void {
  expect([...told.types.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, { type, labels }] of expected) {
    expect([name, told.types.get(name)]).toEqual([name, type]);
    const seen = [...(told.labels.get(name) ?? labels)].sort();
    expect([name, seen]).toEqual([name, [...labels].sort()]);
  }
}

describe.skipIf(etcdMissing !== undefined)("a platform that runs", () => {
  let platform: LocalPlatform;
  beforeAll(async () => {
    platform = await LocalPlatform.start();
  });
  afterAll(() => platform?.[Symbol.asyncDispose]());

  const at = (service: string): string => {
    const found = platform.endpoints.metrics.find((each) => each.service === service);
    if (found === undefined) throw new Error(`no ${service} in endpoints.json`);
    return found.address;
  };

  it("has a lock taken of each kind, and a lock waited for", async () => {
    const [first] = platform.endpoints.regions;
    await using client = await Holdfast.connect({ endpoints: [first?.endpoint ?? ""] });
    for (const scope of ["local", "global"] as const) {
      const held = await client.acquire("telemetry", { scope, ttl: "10s" });
      const { promise: inLine, resolve: onPosition } = Promise.withResolvers<number>();
      const options = { scope, ttl: "10s", wait: "10s", onPosition } as const;
      const waited = client.acquire("telemetry", options);
      expect(await inLine).toBe(1);
      await held.release();
      await (await waited).release();
    }
    const told = await scrape(at("router"));
    for (const scope of ["local", "global"]) {
      for (const outcome of ["granted", "granted_after_wait"]) {
        const labels = `operation="acquire",scope="${scope}",outcome="${outcome}"`;
        expect(told.text).toMatch(`holdfast_operation_seconds_count{${labels}} `);
      }
    }
  });

  it.each(["router", "coordinator", "placement", "recorder"])(
    "tells of a %s what the page of metrics says",
    async (service) => {
      // What only is there with the stores of --audit; the next tests have those.
      const except = service === "router" ? /_cache|_attempts/ : undefined;
      agree(await scrape(at(service)), cataloguedOf(service, except));
    },
  );

  it("tells of a router with cache and log, and of a journal, what the page says", async () => {
    const [ports, { endpoints }] = [await freePorts(3), platform];
    const [region] = endpoints.regions;
    const of = (port = 0) => `127.0.0.1:${port}`;
    const shards = region?.shards.map(({ name, endpoints }) => `${name}=${endpoints.join(",")}`);
    const env = {
      HOLDFAST_CLUSTER: endpoints.cluster,
      HOLDFAST_REGION: region?.region ?? "",
      HOLDFAST_SHARDS: shards?.join(";") ?? "",
      // Nobody is there: what would be told of them is there all the same.
      HOLDFAST_REDIS: "redis://127.0.0.1:1",
      HOLDFAST_KAFKA: "127.0.0.1:1",
    };
    const [listen, routerMetrics, journalMetrics] = ports.map(of);
    await using _router = startService("router", {
      ...env,
      HOLDFAST_LISTEN: listen ?? "",
      HOLDFAST_METRICS_LISTEN: routerMetrics ?? "",
    });
    await using _journal = startService("journal", {
      ...env,
      HOLDFAST_METRICS_LISTEN: journalMetrics ?? "",
    });
    await expect
      .poll(
        async () => {
          return (await fetch(`http://${routerMetrics}/ready`).catch(() => undefined))?.status;
        },
        { timeout: 20_000 },
      )
      .toBe(200);
    agree(await scrape(routerMetrics ?? ""), cataloguedOf("router"));
    // The door is open before there is anything to tell.
    await expect
      .poll(async () => (await scrape(journalMetrics ?? "")).types.size)
      .toBe(cataloguedOf("journal").size);
    agree(await scrape(journalMetrics ?? ""), cataloguedOf("journal"));
    const probe = async (path: string) => (await fetch(`http://${journalMetrics}${path}`)).status;
    // It waits for Kafka: alive, of no use to anybody yet, and in trouble.
    expect(await Promise.all(["/live", "/ready", "/healthz"].map(probe))).toEqual([200, 503, 503]);
  });

  it("tells the trace ids of examples to who asks for OpenMetrics, and ends its text", async () => {
    const headers = { accept: "application/openmetrics-text; version=1.0.0" };
    const answer = await fetch(`http://${at("router")}/metrics`, { headers });
    expect(answer.headers.get("content-type")).toMatch(/^application\/openmetrics-text/);
    const text = await answer.text();
    expect(text).toMatch(/# TYPE holdfast_lease_renewals counter\n/);
    expect(text).toMatch(/\n# EOF\n$/);
  });

  it("writes no field that the index template does not map, nor one of another type", () => {
    const template = JSON.parse(readFileSync(`${elastic}/index-template.json`, "utf8"));
    const mapped = mappedFields(template.template.mappings);
    const lines = platform.logLines();
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      for (const [name, value] of fieldsOf(line)) {
        const type = mapped.get(name);
        expect([name, type === undefined ? "unmapped" : fits(type, value)]).toEqual([name, true]);
      }
    }
  });
});

it("a field that is mapped nowhere, or as something else, is found", () => {
  const mapped = mappedFields({
    properties: { log: { properties: { level: { type: "keyword" } } } },
  });
  expect([...mapped]).toEqual([["log.level", "keyword"]]);
  expect(fieldsOf({ "log.level": "info", holdfast: { rows: 1 } })).toEqual([
    ["log.level", "info"],
    ["holdfast.rows", 1],
  ]);
  expect([fits("keyword", 1), fits("long", 1), fits("date", "yesterday")]).toEqual([
    false,
    true,
    false,
  ]);
});

it("template, policy and Filebeat name each other as they are called", () => {
  const read = (name: string) => readFileSync(`${elastic}/${name}`, "utf8");
  const { index_patterns: patterns, template } = JSON.parse(read("index-template.json"));
  const { phases } = JSON.parse(read("ilm-policy.json")).policy;
  const filebeat = parse(read("filebeat.yaml"));
  const policy = template.settings["index.lifecycle.name"];
  expect(read("README.md")).toContain(`/_ilm/policy/${policy}"`);
  expect(filebeat["output.elasticsearch"].index).toMatch(
    new RegExp(`^${patterns[0].replace("*", ".+")}$`),
  );
  expect(Object.keys(phases)).toEqual(["hot", "warm", "delete"]);
  const [input] = filebeat["filebeat.inputs"];
  const ndjson = input.parsers.find((each: object) => "ndjson" in each).ndjson;
  expect(ndjson).toMatchObject({ target: "", expand_keys: true, message_key: "message" });
});
