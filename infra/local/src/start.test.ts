import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeRun, living } from "./testing/fake-run.ts";

let root: string;
let dataDir: string;
const runs: FakeRun[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "holdfast-start-"));
  dataDir = join(root, "data");
});
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.kill("SIGCONT");
    run.kill("SIGTERM");
    await run.ended;
  }
  rmSync(root, { recursive: true, force: true });
});

function start(args = "--store memory --port-base 0", fakeService = ""): FakeRun {
  const run = new FakeRun(dataDir, args.split(" "), fakeService);
  runs.push(run);
  return run;
}

describe("an orderly run", () => {
  test("says where the locks are first, then serves, and Ctrl-C leaves nothing behind", async () => {
    const run = start();
    const ready = await run.waitFor("ready");
    expect(run.events[0]).toMatchObject({ event: "store", store: "memory" });
    expect(run.events[0]?.message).toContain("NOT DURABLE");
    const document = JSON.parse(readFileSync(join(dataDir, "endpoints.json"), "utf8"));
    expect(ready).toMatchObject(document);
    expect(document.regions.map((each: { region: string }) => each.region)).toEqual([
      "us-east-1",
      "us-west-2",
      "eu-west-1",
    ]);
    const children = run.children();
    expect(children).toHaveLength(3);
    // A terminal sends Ctrl-C to everyone in the group; the order of stopping is ours all the same.
    run.kill("SIGSTOP");
    run.pressCtrlC();
    await sleep(200);
    expect(living(children)).toHaveLength(3);
    run.kill("SIGCONT");
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.events.map((each) => each.event)).toEqual(["store", "ready", "stopping", "stopped"]);
    expect(living(children)).toEqual([]);
    expect(readdirSync(dataDir).sort()).toEqual(["logs", "version.json"]);
  });

  test("keeps the logs of the run before", async () => {
    for (const _ of ["first", "second"]) {
      const run = start("--store memory --port-base 0 --regions a");
      await run.waitFor("ready");
      run.kill("SIGTERM");
      await run.ended;
    }
    expect(readdirSync(join(dataDir, "logs")).sort()).toEqual(["router-a.log", "router-a.log.1"]);
  });
});

describe("a run that was killed", () => {
  test("is cleaned up by the next start: its children ended, its lock taken over", async () => {
    const first = start();
    await first.waitFor("ready");
    const children = first.children();
    first.kill("SIGKILL");
    await first.ended;
    expect(living(children)).toHaveLength(3);
    expect(existsSync(join(dataDir, "pid"))).toBe(true);

    const second = start();
    await second.waitFor("ready");
    expect(living(children)).toEqual([]);
    const notice = await second.waitFor("notice");
    expect(notice.message).toContain("was killed; 3 processes it had left were stopped.");
  });
});

describe("a start that is interrupted", () => {
  test("ends with 130 and leaves nothing behind", async () => {
    const run = start("--store memory --port-base 0", "mute");
    const children = await run.waitForChildren(3);
    run.pressCtrlC();
    expect(await run.ended).toEqual({ code: 130, signal: null });
    expect(living(children)).toEqual([]);
    expect(run.events.map((each) => each.event)).toEqual(["store", "stopping", "stopped"]);
  });

  test("a second Ctrl-C does not wait for a service that does not heed the first", async () => {
    const run = start("--store memory --port-base 0", "deaf");
    await run.waitFor("ready");
    const children = run.children();
    run.kill("SIGINT");
    await run.waitFor("stopping");
    const again = setInterval(() => run.kill("SIGINT"), 150);
    const askedAtMs = performance.now();
    expect(await run.ended).toEqual({ code: 130, signal: null });
    clearInterval(again);
    expect(performance.now() - askedAtMs).toBeLessThan(4_000);
    await expect.poll(() => living(children)).toEqual([]);
    expect(readdirSync(dataDir).sort()).toEqual(["logs", "version.json"]);
  });
});

describe("a process that dies", () => {
  test("is started again, and people are told of both", async () => {
    const run = start();
    await run.waitFor("ready");
    const [router] = run.children();
    process.kill(router?.pid as number, "SIGKILL");
    expect(await run.waitFor("died")).toMatchObject({
      process: router?.name,
      message: `${router?.name} was ended by SIGKILL; starting it again in 0.25 s (1 of 5)`,
    });
    expect(await run.waitFor("recovered")).toMatchObject({ process: router?.name });
    expect(living(run.children())).toHaveLength(3);
  });

  test("at every start is given up with the tail of its log, and all else is stopped", async () => {
    const run = start("--store memory --port-base 0", "dies");
    const refused = await run.waitFor("refused");
    expect(refused.message).toContain("ended with exit code 3; it died 6 times in a row");
    expect(refused.message).toContain('| {"message":"the fake service dies"}');
    expect(await run.ended).toEqual({ code: 1, signal: null });
  }, 30_000);

  test("because it refuses its configuration is given up at once", async () => {
    const run = start("--store memory --port-base 0", "refuses");
    const refused = await run.waitFor("refused");
    expect(refused.message).toContain("it refuses its configuration");
    expect(run.events.filter((each) => each.event === "died")).toEqual([]);
    expect(await run.ended).toEqual({ code: 1, signal: null });
  });
});

describe("a start that cannot be", () => {
  test("a port in use: names the port and the process, exit 69", async () => {
    const [port = 0] = await freePorts(1);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    const run = start(`--store memory --regions a --port-base ${port}`);
    const refused = await run.waitFor("refused");
    expect(refused.message).toContain(
      `port ${port}, for the router a, is in use by process ${process.pid}`,
    );
    expect(await run.ended).toEqual({ code: 69, signal: null });
    server.close();
  });

  test("a system that refuses a write: says what and where, exit 1", async () => {
    mkdirSync(dataDir);
    // A file where the folder of the logs should be.
    writeFileSync(join(dataDir, "logs"), "");
    const run = start();
    expect((await run.waitFor("refused")).message).toMatch(/^EEXIST: .*logs/);
    expect(await run.ended).toEqual({ code: 1, signal: null });
  });

  test("another run from the same directory: names it, and leaves it alone, exit 69", async () => {
    const first = start();
    await first.waitFor("ready");
    const second = start();
    expect((await second.waitFor("refused")).message).toContain("Holdfast already runs from");
    expect(await second.ended).toEqual({ code: 69, signal: null });
    expect(living(first.children())).toHaveLength(3);
    expect(existsSync(join(dataDir, "endpoints.json"))).toBe(true);
  });

  test("data of another version: says so and changes nothing, exit 1", async () => {
    const first = start();
    await first.waitFor("ready");
    first.kill("SIGTERM");
    await first.ended;
    const text = '{"dataVersion": 99, "madeBy": "9.0.0"}';
    writeFileSync(join(dataDir, "version.json"), text);
    const second = start();
    expect((await second.waitFor("refused")).message).toContain("was made by Holdfast 9.0.0");
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(readFileSync(join(dataDir, "version.json"), "utf8")).toBe(text);
  });
});
