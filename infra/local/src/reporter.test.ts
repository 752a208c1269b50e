import { expect, test } from "vitest";
import type { EndpointsDocument } from "./endpoints-file.ts";
import { refusal } from "./refusal.ts";
import { jsonReporter, peopleReporter, type Reporter } from "./reporter.ts";

const document: EndpointsDocument = {
  cluster: "local-1",
  pid: 7,
  startedAt: "2026-01-02T03:04:05.000Z",
  store: "etcd",
  audit: "127.0.0.1:7440",
  metrics: [{ service: "router", region: "us-east-1", address: "127.0.0.1:7480" }],
  regions: [
    {
      region: "us-east-1",
      endpoint: "127.0.0.1:7420",
      shards: [
        { name: "s0", endpoints: ["http://127.0.0.1:23790", "http://127.0.0.1:23791"] },
        { name: "s1", endpoints: ["http://127.0.0.1:23792"] },
      ],
    },
    {
      region: "eu-west-1",
      endpoint: "127.0.0.1:7421",
      shards: [{ name: "s0", endpoints: ["http://127.0.0.1:23793"] }],
    },
    {
      region: "us-west-2",
      endpoint: "127.0.0.1:7422",
      shards: [{ name: "s0", endpoints: ["http://127.0.0.1:23794"] }],
    },
  ],
};

interface Recorder {
  readonly reporter: Reporter;
  stdout(): string;
  stderr(): string;
}

function people(settings: { isTTY?: boolean; foundByCli?: boolean } = {}): Recorder {
  const out: string[] = [];
  const err: string[] = [];
  const stream = (into: string[]) => ({
    isTTY: settings.isTTY === true,
    write: (text: string) => into.push(text),
  });
  const reporter = peopleReporter({
    stdout: stream(out),
    stderr: stream(err),
    env: {},
    release: "0.1.0",
    dataDir: ".holdfast",
    foundByCli: settings.foundByCli !== false,
  });
  return { reporter, stdout: () => out.join(""), stderr: () => err.join("") };
}

test("people see what runs where and what to type next", () => {
  const { reporter, stdout } = people();
  reporter.store("etcd", "etcd 3.6.16, from the tool cache");
  reporter.ready(document, 2_140);
  expect(stdout()).toBe(`Holdfast 0.1.0  etcd 3.6.16, from the tool cache

  REGION     ROUTER          SHARD  ETCD
  us-east-1  127.0.0.1:7420  s0     127.0.0.1:23790, 23791
                             s1     127.0.0.1:23792
  eu-west-1  127.0.0.1:7421  s0     127.0.0.1:23793
  us-west-2  127.0.0.1:7422  s0     127.0.0.1:23794

Ready in 2.1 s. In another terminal, type

  npx holdfast acquire order:12345 --ttl 30s   take a lock, leave it held 30 s
  npx holdfast try order:12345                 take it again: busy, and by whom
  npx holdfast ls                              see what is held
  npx holdfast watch 'order:*'                 follow what happens to it
  npx holdfast exec nightly-report -- sleep 5  run a command under a lock
  npx holdfast acquire --global leader         take it by two of three regions
  npx holdfast get --global leader             see what each region says of it
  npx holdfast region ls                       see which regions vote
  npx holdfast audit timeline order:12345      see all that happened to it
  npx holdfast audit verify                    prove that nothing was changed

What happens is recorded in memory, and asked at 127.0.0.1:7440;
npm start -- --audit keeps it for good.
Data and logs are in .holdfast. Ctrl-C stops everything.
`);
});

test("people are told what keeps the record, or that there is none", () => {
  const stores = {
    kafka: "127.0.0.1:7441",
    postgres: "127.0.0.1:7443",
    redis: "127.0.0.1:7444",
    s3: "127.0.0.1:7445",
  };
  const kept = people();
  kept.reporter.ready({ ...document, stores }, 1_000);
  expect(kept.stdout()).toContain(
    "recorded for good, and asked at 127.0.0.1:7440:\n" +
      "Kafka 127.0.0.1:7441, Postgres 127.0.0.1:7443, S3 127.0.0.1:7445.\n" +
      "Cached reads are in Redis 127.0.0.1:7444.\n",
  );
  const { audit: _, ...unrecorded } = document;
  const none = people();
  none.reporter.ready({ ...unrecorded, store: "memory" }, 1_000);
  expect(none.stdout()).toContain("There is no record of what happened: it needs etcd");
  expect(none.stdout()).not.toContain("holdfast audit");
});

test("where there are no global locks, it is said why, to people and to programs", () => {
  const two = { ...document, regions: document.regions.slice(1) };
  const { reporter, stdout } = people();
  reporter.ready(two, 1_000);
  expect(stdout()).toContain("Global locks are off: they need 3 regions, and this has 2.\n");
  expect(stdout()).not.toContain("--global");
  const lines: string[] = [];
  const stream = { write: (text: string) => lines.push(text) };
  jsonReporter(stream, stream).ready(two, 1_000);
  expect(JSON.parse(lines.join(""))).toMatchObject({
    notice: "global locks are off: they need 3 regions, and this has 2",
  });
});

test("where the command line tool would not find the endpoints, people are told to set them", () => {
  const { reporter, stdout } = people({ foundByCli: false });
  reporter.ready(document, 1_000);
  expect(stdout()).toContain(
    "  export HOLDFAST_ENDPOINTS=127.0.0.1:7420,127.0.0.1:7421,127.0.0.1:7422\n" +
      "  export HOLDFAST_REGION=us-east-1\n" +
      "  export HOLDFAST_AUDIT_ENDPOINT=127.0.0.1:7440\n",
  );
});

test("a terminal gets colours, a pipe none", () => {
  const terminal = people({ isTTY: true });
  terminal.reporter.ready(document, 1_000);
  expect(terminal.stdout()).toContain("\x1b[");
  const pipe = people();
  pipe.reporter.ready(document, 1_000);
  pipe.reporter.refused(refusal("no", ["way"]));
  expect(pipe.stdout() + pipe.stderr()).not.toContain("\x1b");
});

test("a refusal goes to stderr with its ways out", () => {
  const { reporter, stdout, stderr } = people();
  reporter.refused(refusal("port 7420 is in use\nport 7421 is in use", ["stop it", "or move"]));
  expect(stdout()).toBe("");
  expect(stderr()).toBe(
    "Holdfast cannot run: port 7420 is in use\nport 7421 is in use\n  → stop it\n  → or move\n",
  );
});

test("programs get one JSON object a line on stdout, and progress apart from it", () => {
  const out: string[] = [];
  const err: string[] = [];
  const reporter = jsonReporter(
    { write: (text: string) => out.push(text) },
    { write: (text: string) => err.push(text) },
  );
  reporter.progress({ tool: "etcd", message: "compiling" });
  reporter.store("memory", "not durable");
  reporter.ready(document, 1_234.5);
  reporter.news("died", "router us-east-1", "router us-east-1 died");
  reporter.refused(refusal("why", ["way"], 69));
  expect(out.every((line) => line.endsWith("}\n"))).toBe(true);
  expect(out.map((line) => JSON.parse(line))).toEqual([
    { event: "store", store: "memory", message: "not durable" },
    { event: "ready", ...document, tookMs: 1_235 },
    { event: "died", process: "router us-east-1", message: "router us-east-1 died" },
    { event: "refused", message: "why", waysOut: ["way"], exitCode: 69 },
  ]);
  expect(err).toHaveLength(1);
});
