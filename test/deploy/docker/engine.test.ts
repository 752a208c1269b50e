import { Holdfast } from "@holdfast/client/holdfast";
import { type Image, imageNamed, images, stopSignal, userId } from "@holdfast/docker/image";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { until } from "../../integration/until.ts";
import {
  type Builder,
  buildArgumentsHere,
  builderMissing,
  buildImage,
  docker,
  dockerDoes,
  engineMissing,
  goArgumentsHere,
} from "./engine.ts";

const missing = await engineMissing();
const builders = await Promise.all(
  (["legacy", "BuildKit"] as const).map(async (builder) => {
    const why = missing ?? (await builderMissing(builder));
    return { builder, why };
  }),
);
/** To compile etcd takes minutes, and is the same by either of them: the last one there does it. */
const compiler = builders.findLast(({ why }) => why === undefined)?.builder;
const timeoutMs = 600_000;
/** As the chart lets them run: nothing to write to, and no rights. */
const closed = [
  "--network=host",
  "--tmpfs=/tmp",
  "--read-only",
  "--cap-drop=ALL",
  "--security-opt=no-new-privileges",
];

for (const why of new Set(builders.flatMap((each) => each.why ?? []))) {
  console.warn(`skipped, images are not built by Docker: ${why}`);
}

describe.each(builders)("an image built by Docker's $builder", ({ builder, why }) => {
  let args: readonly string[];
  beforeAll(async () => {
    if (why === undefined) args = await buildArgumentsHere();
  }, timeoutMs);

  test.skipIf(why !== undefined)(
    "router serves, drains when it is stopped, and ends with 0",
    async () => {
      const tag = await built("router", builder, args);
      const [port, metrics] = await freePorts(2);
      const endpoint = `127.0.0.1:${port}`;
      const container = await started(tag, {
        HOLDFAST_REGION: "here",
        HOLDFAST_STORE: "memory",
        HOLDFAST_SHARDS: "s0",
        HOLDFAST_LISTEN: endpoint,
        HOLDFAST_METRICS_LISTEN: `127.0.0.1:${metrics}`,
      });
      await until("it is ready", async () => (await logsOf(container)).includes('"ready"'), 20_000);
      const holdfast = await Holdfast.connect({ endpoints: [endpoint], owner: "test" });
      const lock = await holdfast.acquire("order");
      expect(await lock.release()).toBe("released");
      await holdfast.close();
      await dockerDoes(["stop", "--time", "10", container]);
      expect(await codeOf(container)).toBe("0");
      expect(await logsOf(container)).toContain('"stopped"');
    },
    timeoutMs,
  );

  const services = images.filter(({ name, workspace }) => {
    return name !== "router" && workspace.startsWith("services/");
  });
  test.skipIf(why !== undefined).each(services)(
    "$name ends with 78 when it is told nothing, and says what it wants",
    async ({ name }) => {
      const container = await started(await built(name, builder, args), {});
      expect(await dockerDoes(["wait", container])).toBe("78");
      expect(await logsOf(container)).toMatch(
        /The configuration cannot be used:\n {2}HOLDFAST_\w+ must be/,
      );
    },
    timeoutMs,
  );

  test.skipIf(why !== undefined)(
    "cli answers",
    async () => {
      const tag = await built("cli", builder, args);
      expect(await dockerDoes(["run", "--rm", ...closed, tag, "--help"])).toContain("acquire");
    },
    timeoutMs,
  );

  test.skipIf(builder !== compiler)(
    "etcd has its programs, and what makes its snapshots",
    async (context) => {
      const go = await goArgumentsHere();
      if ("missing" in go) return context.skip(go.missing);
      const tag = await built("etcd", builder, [...args, ...go]);
      for (const program of ["etcd", "etcdctl", "etcdutl"]) {
        const path = `--entrypoint=/usr/local/bin/${program}`;
        const version = program === "etcd" ? "--version" : "version";
        const said = await dockerDoes(["run", "--rm", ...closed, path, tag, version]);
        expect(said).toMatch(/version: 3\./i);
      }
      // As the chart starts it.
      const save = await started(
        tag,
        {},
        ["infra/etcd-snapshot/src/main.ts", "save"],
        ["--entrypoint=/usr/local/bin/node"],
      );
      expect(await dockerDoes(["wait", save])).toBe("78");
      expect(await logsOf(save)).toMatch(/SNAPSHOT_\w+ must be set/);
    },
    timeoutMs,
  );
});

/** Builds the image, and looks whether it is as its description says. Returns its tag. */
async function built(name: string, builder: Builder, args: readonly string[]): Promise<string> {
  const tag = `holdfast-test-${builder.toLowerCase()}-${name}`;
  await buildImage(name, tag, builder, args, timeoutMs);
  const described = await dockerDoes(["image", "inspect", "--format", "{{json .Config}}", tag]);
  const config: Record<string, unknown> = JSON.parse(described);
  const image = imageNamed(name) as Image;
  expect(config).toMatchObject({
    User: `${userId}:${userId}`,
    StopSignal: stopSignal,
    WorkingDir: "/app",
    Entrypoint: image.entrypoint,
  });
  const settings = Object.entries(image.env).map(([variable, value]) => `${variable}=${value}`);
  expect(config.Env).toEqual(expect.arrayContaining(settings));
  const ports = Object.keys(config.ExposedPorts ?? {}).map((port) => Number.parseInt(port, 10));
  expect(ports.toSorted((a, b) => a - b)).toEqual(image.ports.toSorted((a, b) => a - b));
  expect(config.Healthcheck ?? undefined).toBeUndefined();
  return tag;
}

async function started(
  tag: string,
  env: Readonly<Record<string, string>>,
  command: readonly string[] = [],
  options: readonly string[] = [],
): Promise<string> {
  const settings = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const all = ["run", "--detach", ...closed, ...options, ...settings, tag, ...command];
  const container = await dockerDoes(all);
  onTestFinished(async () => void (await docker(["rm", "--force", container])));
  return container;
}

async function codeOf(container: string): Promise<string> {
  return dockerDoes(["inspect", "--format", "{{.State.ExitCode}}", container]);
}

/** Both streams: what is wrong with a configuration is told on the second one. */
async function logsOf(container: string): Promise<string> {
  const lines: string[] = [];
  const asked = await docker(["logs", container], undefined, undefined, (line) => lines.push(line));
  if (asked.kind === "failed") throw new Error(`docker logs: ${asked.why}`);
  return lines.join("\n");
}
