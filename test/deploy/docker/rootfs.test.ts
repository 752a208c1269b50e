import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { Holdfast } from "@holdfast/client/holdfast";
import { buildRootfs } from "@holdfast/docker/build-rootfs";
import { type Image, imageNamed, images } from "@holdfast/docker/image";
import { layOut } from "@holdfast/docker/lay-out";
import { freePorts } from "@holdfast/toolchain/free-ports";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { ConfinedProcess, unconfined } from "./confined-process.ts";

const repository = resolve(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(placeForMany(), "holdfast-images-"));
/** A machine that does a lot besides writes many files slowly. */
const timeoutMs = 120_000;

/** In memory, where there is room for it: these are some 30,000 files. */
function placeForMany(): string {
  const memory = "/dev/shm";
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 1e9 ? memory : tmpdir();
}

function named(name: string): Image {
  const image = imageNamed(name);
  if (image === undefined) throw new Error(`no image ${name}`);
  return image;
}

function started(
  name: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  how?: { readonly replacesEntrypoint: boolean },
): ConfinedProcess {
  const process = new ConfinedProcess(join(folder, name), named(name), env, args, how);
  onTestFinished(() => process[Symbol.asyncDispose]());
  return process;
}

afterAll(() => rmSync(folder, { recursive: true, force: true }), timeoutMs);

describe("the router's root filesystem, built without Docker", () => {
  let lacking: string | undefined;

  beforeAll(async () => {
    lacking = await buildRootfs(named("router"), repository, join(folder, "router"));
  }, timeoutMs);

  /** A router that serves alone, on a free port of loopback. */
  async function startRouter(): Promise<{ router: ConfinedProcess; endpoint: string }> {
    expect(lacking).toBeUndefined();
    const [port, metrics] = await freePorts(2);
    const endpoint = `127.0.0.1:${port}`;
    const router = started("router", {
      HOLDFAST_REGION: "here",
      HOLDFAST_STORE: "memory",
      HOLDFAST_SHARDS: "s0",
      HOLDFAST_LISTEN: endpoint,
      HOLDFAST_METRICS_LISTEN: `127.0.0.1:${metrics}`,
    });
    await router.untilPrinted('"event.action":"ready"');
    return { router, endpoint };
  }

  test(
    "serves as its entrypoint is started, drains on SIGTERM and ends with 0",
    async () => {
      const { router, endpoint } = await startRouter();
      const holdfast = await Holdfast.connect({ endpoints: [endpoint], owner: "test" });
      const lock = await holdfast.acquire("order");
      const waiting = holdfast.acquire("order", { wait: "10s" });
      const beganMs = performance.now();
      router.signal("SIGTERM");
      await router.untilPrinted('"event.action":"draining"');
      // It answers until it is gone.
      expect(await lock.release()).toBe("released");
      await waiting;
      await holdfast.close();
      expect(await router.ended).toEqual({ code: 0, signal: null });
      expect(performance.now() - beganMs).toBeLessThan(5_000);
      expect(router.printed).toContain('"event.action":"stopped"');
    },
    timeoutMs,
  );

  test(
    "ends on SIGINT too, and within its time with clients that do not leave",
    async () => {
      const { router, endpoint } = await startRouter();
      const holdfast = await Holdfast.connect({ endpoints: [endpoint], owner: "test" });
      await holdfast.acquire("order");
      router.signal("SIGINT");
      expect(await router.ended).toEqual({ code: 0, signal: null });
      await holdfast.close();
    },
    timeoutMs,
  );

  test.skipIf(unconfined !== undefined)(
    "has no shell, and its process can write nothing but /tmp and is nobody",
    async () => {
      const looks = `
        const { writeFileSync, existsSync, readFileSync } = require("node:fs");
        const tried = (path) => {
          try { writeFileSync(path, ""); return "written"; } catch ({ code }) { return code; }
        };
        console.log(JSON.stringify({
          writes: ["/x", "/app/x", "/usr/local/bin/x", "/etc/x", "/tmp/x"].map(tried),
          shells: ["/bin/sh", "/bin/bash", "/usr/bin/sh", "/bin/busybox"].filter(existsSync),
          uid: process.getuid(), gid: process.getgid(), groups: process.getgroups(), pid: process.pid,
          rights: readFileSync("/proc/self/status", "utf8").match(/CapEff:\\s*(\\S+)/)[1],
        }));`;
      const args = ["/usr/local/bin/node", "-e", looks];
      const look = started("router", {}, args, { replacesEntrypoint: true });
      expect(await look.ended).toEqual({ code: 0, signal: null });
      expect(JSON.parse(look.printed)).toEqual({
        writes: ["EROFS", "EROFS", "EROFS", "EROFS", "written"],
        shells: [],
        uid: 65_532,
        gid: 65_532,
        groups: [65_532],
        pid: 1,
        rights: "0000000000000000",
      });
    },
    timeoutMs,
  );

  test(
    "starts by what Node compiled when it was made",
    async () => {
      const told = started("router", { NODE_DEBUG_NATIVE: "COMPILE_CACHE" });
      expect(await told.ended).toEqual({ code: 78, signal: null });
      const accepted = told.printed.match(/cache for \w+ \S+ was accepted/g) ?? [];
      expect(accepted.length).toBeGreaterThan(300);
      expect(told.printed).toContain("services/router/src/compose.ts was accepted");
    },
    timeoutMs,
  );

  test("has what runs and nothing else", () => {
    const files = readdirSync(join(folder, "router"), { recursive: true }).map(String);
    const needless = /\.test\.ts$|\.d\.ts$|\.map$|\/testing\/|node_modules\/(vitest|typescript)\//;
    expect(files.filter((file) => needless.test(file))).toEqual([]);
    const bytes = files
      .map((file) => statSync(join(folder, "router", file), { throwIfNoEntry: false }))
      .reduce((sum, stat) => sum + (stat?.isFile() ? stat.size : 0), 0);
    console.log(`router: ${files.length} entries, ${(bytes / 1e6).toFixed(0)} MB with Node`);
    expect(bytes).toBeLessThan(200e6);
  });
});

describe("every other image", () => {
  const services = images.filter(({ name, workspace }) => {
    return name !== "router" && workspace?.startsWith("services/");
  });

  test.each(services)(
    "$name starts without a shell, and ends with 78 when it is told nothing",
    async (image) => {
      build(image);
      const process = started(image.name, {});
      expect(await process.ended).toEqual({ code: 78, signal: null });
      expect(process.printed).toMatch(
        /The configuration cannot be used:\n {2}HOLDFAST_\w+ must be/,
      );
    },
    timeoutMs,
  );

  test(
    "cli answers",
    async () => {
      build(named("cli"));
      const help = started("cli", {}, ["--help"]);
      expect(await help.ended).toEqual({ code: 0, signal: null });
      expect(help.printed).toContain("acquire");
    },
    timeoutMs,
  );

  test(
    "etcd has its programs, and its snapshots say what they are to be told",
    async (context) => {
      const image = named("etcd");
      const lacking = await buildRootfs(image, repository, join(folder, "etcd"));
      if (lacking !== undefined) {
        console.warn(`skipped: the image of etcd: ${lacking}`);
        context.skip(lacking);
      }
      for (const program of ["etcd", "etcdctl", "etcdutl"]) {
        const command = [`/usr/local/bin/${program}`, program === "etcd" ? "--version" : "version"];
        const asked = started("etcd", {}, command, { replacesEntrypoint: true });
        expect(await asked.ended).toEqual({ code: 0, signal: null });
        expect(asked.printed).toMatch(/version: 3\./i);
      }
      // As the chart starts it.
      const command = ["node", "infra/etcd-snapshot/src/main.ts", "save"];
      const save = started("etcd", {}, command, { replacesEntrypoint: true });
      expect(await save.ended).toEqual({ code: 78, signal: null });
      expect(save.printed).toMatch(/SNAPSHOT_\w+ must be set/);
    },
    timeoutMs,
  );

  /** With the router's Node and libraries: writing these again takes longer than all the rest. */
  function build(image: Image): void {
    const root = join(folder, image.name);
    layOut(image, { repository, programs: {} }, root);
    for (const part of ["usr", "lib", "lib64", "etc"]) linkTree(join(folder, "router", part), root);
    for (const part of ["tmp", "proc", "dev"]) mkdirSync(join(root, part));
  }

  /** Puts `from` below `to`, its files the same ones. */
  function linkTree(from: string, to: string): void {
    if (!existsSync(from)) return;
    const target = join(to, basename(from));
    mkdirSync(target, { recursive: true });
    for (const entry of readdirSync(from, { withFileTypes: true })) {
      const inner = join(from, entry.name);
      if (entry.isDirectory()) linkTree(inner, target);
      else linkSync(inner, join(target, entry.name));
    }
  }
});
