import { join } from "node:path";
import { startEtcdCluster } from "@holdfast/toolchain/etcd-process";
import { findTool } from "@holdfast/toolchain/find-tool";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../until.ts";
import { type Files, TestCertificates } from "./certificates.ts";
import { knock } from "./knock.ts";
import { type ServicePort, type ServiceProcess, startService } from "./service-processes.ts";

const etcd = await findTool("etcd");
if (etcd.kind === "missing") console.warn(`skipped, for want of an etcd: ${etcd.reason}`);

describe.skipIf(etcd.kind === "missing")("every port of every service", () => {
  const resources = new AsyncDisposableStack();
  const ports: ServicePort[] = [];
  const logs = new Map<string, ServiceProcess>();
  let certificates: TestCertificates;
  let good: Files;
  let strangers: Readonly<Record<string, Partial<Files> & { readonly ca: string }>>;

  beforeAll(async () => {
    if (etcd.kind === "missing") return;
    certificates = resources.use(await TestCertificates.make());
    const { folder, ca } = certificates;
    const server = await certificates.server();
    good = await certificates.client();
    strangers = {
      "no certificate": { ca },
      "an expired certificate": await certificates.expired(),
      "a certificate that is not valid yet": await certificates.notYet(),
      "a certificate of another authority": await certificates.foreign(),
    };
    const cluster = resources.use(
      await startEtcdCluster({
        ...{ binary: etcd.path, members: 1, dataDir: join(folder, "etcd"), noFsync: true },
        tls: server,
      }),
    );
    const shards = `s0=${cluster.endpoints[0]}`;
    const nobody = (await freePorts(2)).map((port) => `127.0.0.1:${port}`);
    const settings: Readonly<Record<string, (door: string) => Record<string, string>>> = {
      placement: () => ({ HOLDFAST_SHARDS: shards }),
      router: (door) => ({ HOLDFAST_SHARDS: shards, HOLDFAST_LISTEN: door }),
      coordinator: (door) => ({
        HOLDFAST_SHARDS: shards,
        HOLDFAST_LISTEN: door,
        HOLDFAST_PEERS: `us-west-2=${nobody[0]};eu-west-1=${nobody[1]}`,
      }),
      recorder: (door) => ({
        HOLDFAST_REGION_SHARDS: `us-east-1/${shards}`,
        HOLDFAST_AUDIT_LISTEN: door,
      }),
      journal: () => ({ HOLDFAST_SHARDS: shards, HOLDFAST_KAFKA: `${nobody[0]}` }),
      auditor: () => ({
        HOLDFAST_KAFKA: `${nobody[0]}`,
        HOLDFAST_POSTGRES: `postgres://x@${nobody[1]}/x`,
      }),
      archiver: () => ({
        HOLDFAST_POSTGRES: `postgres://x@${nobody[1]}/x`,
        HOLDFAST_S3_BUCKET: "none",
        HOLDFAST_S3_REGION: "us-east-1",
      }),
    };
    const started = await Promise.all(
      Object.entries(settings).map(async ([service, env]) => {
        const process = resources.use(await startService(service, folder, server, env));
        logs.set(service, process);
        return process.ports;
      }),
    );
    ports.push(...started.flat());
    const etcdPort = Number(new URL(cluster.endpoints[0] ?? "").port);
    ports.push({ service: "etcd", speaks: "grpc", port: etcdPort });
  });
  afterAll(() => resources.disposeAsync());

  test("takes a certificate of our authority", async () => {
    const answers = await Promise.all(
      ports.map(async ({ service, speaks, port }) => {
        const answer = await knock(port, good, speaks === "http" ? "/metrics" : undefined);
        const said = answer.kind === "spoke" ? answer.text.split("\r\n")[0] : answer.why;
        return `${service} ${speaks}: ${speaks === "http" ? said : answer.kind}`;
      }),
    );
    expect(answers.sort()).toEqual([
      "archiver http: HTTP/1.1 200 OK",
      "auditor http: HTTP/1.1 200 OK",
      "coordinator grpc: spoke",
      "coordinator http: HTTP/1.1 200 OK",
      "etcd grpc: spoke",
      "journal http: HTTP/1.1 200 OK",
      "placement http: HTTP/1.1 200 OK",
      "recorder grpc: spoke",
      "recorder http: HTTP/1.1 200 OK",
      "router grpc: spoke",
      "router http: HTTP/1.1 200 OK",
    ]);
  });

  test.each([
    "no certificate",
    "an expired certificate",
    "a certificate that is not valid yet",
    "a certificate of another authority",
  ])("refuses %s", async (which) => {
    const stranger = strangers[which] ?? good;
    // Health is told to those who show none: a kubelet has none to show.
    const asked = ports.filter(({ speaks }) => speaks === "grpc" || which !== "no certificate");
    const answers = await Promise.all(
      asked.map(async ({ service, speaks, port }) => {
        const answer = await knock(port, stranger, speaks === "http" ? "/metrics" : undefined);
        return `${service} ${speaks}: ${answer.kind}`;
      }),
    );
    expect(answers).toEqual(asked.map(({ service, speaks }) => `${service} ${speaks}: hung-up`));
  });

  test("tells its health to who shows no certificate, and its metrics not", async () => {
    const web = ports.filter(({ speaks }) => speaks === "http");
    const ask = async (path: string) => {
      const answers = await Promise.all(
        web.map(({ port }) => knock(port, strangers["no certificate"] ?? good, path)),
      );
      return new Set(
        answers.map((each) => (each.kind === "spoke" ? each.text.slice(9, 12) : each.why)),
      );
    };
    expect(await ask("/live")).toEqual(new Set(["200"]));
    expect(await ask("/metrics")).toEqual(new Set(["403"]));
  });

  test("says in one line of the log who was refused and why", async () => {
    const router = logs.get("router") as ServiceProcess;
    const refusals = () =>
      router
        .log()
        .split("\n")
        .filter((line) => line.includes("tls-refused"));
    const [door] = router.ports;
    const expired = strangers["an expired certificate"] ?? good;
    for (let tries = 0; tries < 3; tries++) await knock(door?.port ?? 0, expired);
    await until("the refusal is told", () => refusals().some((line) => line.includes("expired")));
    const told = refusals().filter((line) => line.includes("expired"));
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0] ?? "")).toMatchObject({
      "client.address": "127.0.0.1",
      message: "127.0.0.1 was turned away: its certificate has expired (CN=expired)",
    });
  });

  test("serves in plain text nowhere", async () => {
    const answers = await Promise.all(
      ports.map(async ({ port }) =>
        fetch(`http://127.0.0.1:${port}/metrics`).then(String, () => "none"),
      ),
    );
    expect(new Set(answers)).toEqual(new Set(["none"]));
  });

  test("tells the end of its certificate as a metric", async () => {
    const [, web] = (logs.get("router") as ServiceProcess).ports;
    const answer = await knock(web?.port ?? 0, good, "/metrics");
    expect(answer.kind === "spoke" && answer.text).toMatch(
      /holdfast_certificate_expires_timestamp_seconds\{use="service".*\} 1\.?\d+/,
    );
  });
});
