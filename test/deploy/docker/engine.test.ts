import { resolve } from "node:path";
import { Holdfast } from "@holdfast/client/holdfast";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { describe, expect, onTestFinished, test } from "vitest";
import { until } from "../../integration/until.ts";
import { buildArgumentsHere, docker, dockerDoes, engineMissing } from "./engine.ts";

const repository = resolve(import.meta.dirname, "../../..");
const missing = await engineMissing();
const tag = "holdfast-test-router";
const timeoutMs = 900_000;

if (missing !== undefined) console.warn(`skipped, images are not built by Docker: ${missing}`);

describe.skipIf(missing !== undefined)("the router's image, built by Docker", () => {
  test(
    "is as its description says, serves, drains when it is stopped, and ends with 0",
    async () => {
      const args = await buildArgumentsHere();
      const file = ["--file", "infra/docker/Dockerfile", "--target", "router", "--tag", tag];
      await dockerDoes(["build", "--network", "host", ...args, ...file, repository], timeoutMs);
      const described = await dockerDoes(["image", "inspect", "--format", "{{json .Config}}", tag]);
      const config = JSON.parse(described);
      expect(config).toMatchObject({
        User: "65532:65532",
        StopSignal: "SIGTERM",
        WorkingDir: "/app",
        Entrypoint: ["/usr/local/bin/node", "services/router/src/main.ts"],
      });
      expect(config.Healthcheck ?? undefined).toBeUndefined();

      const [port, metrics] = await freePorts(2);
      const endpoint = `127.0.0.1:${port}`;
      const env = {
        HOLDFAST_REGION: "here",
        HOLDFAST_STORE: "memory",
        HOLDFAST_SHARDS: "s0",
        HOLDFAST_LISTEN: endpoint,
        HOLDFAST_METRICS_LISTEN: `127.0.0.1:${metrics}`,
      };
      const settings = Object.entries(env).flatMap(([name, value]) => [
        "--env",
        `${name}=${value}`,
      ]);
      const closed = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"];
      const run = [
        "run",
        "--detach",
        "--network=host",
        "--tmpfs=/tmp",
        ...closed,
        ...settings,
        tag,
      ];
      const container = await dockerDoes(run);
      onTestFinished(async () => void (await docker(["rm", "--force", container])));
      await until("it is ready", async () => (await logsOf(container)).includes('"ready"'), 20_000);
      const holdfast = await Holdfast.connect({ endpoints: [endpoint], owner: "test" });
      const lock = await holdfast.acquire("order");
      expect(await lock.release()).toBe("released");
      await holdfast.close();
      await dockerDoes(["stop", "--time", "10", container]);
      expect(await dockerDoes(["inspect", "--format", "{{.State.ExitCode}}", container])).toBe("0");
      expect(await logsOf(container)).toContain('"stopped"');
    },
    timeoutMs,
  );
});

async function logsOf(container: string): Promise<string> {
  return dockerDoes(["logs", container]);
}
