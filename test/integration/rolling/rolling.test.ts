import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RouterProcess, startRouter } from "../cached-reads/router-process.ts";
import { type EtcdServer, etcdMissing, startEtcd } from "../etcd-server.ts";
import { Region } from "../region.ts";
import { type LoadReport, SteadyLoad } from "./steady-load.ts";

describe.skipIf(etcdMissing !== undefined)("routers that are replaced under load", () => {
  let etcd: EtcdServer;
  let region: Region;
  let routers: RouterProcess[];

  beforeAll(async () => {
    etcd = await startEtcd();
    region = new Region({ urls: [etcd.url] });
    expect(await region.publish()).toBeUndefined();
    const start = () => startRouter(etcd.url, { HOLDFAST_CONNECTION_AGE: "1s" });
    routers = await Promise.all([start(), start(), start()]);
  });
  afterAll(async () => {
    for (const router of routers ?? []) await router[Symbol.asyncDispose]();
    await region?.[Symbol.asyncDispose]();
    await etcd?.[Symbol.asyncDispose]();
  });

  /** Each client begins at another router. */
  const lists = () => {
    const endpoints = routers.map(({ endpoint }) => endpoint);
    return endpoints.map((_, first) => [...endpoints.slice(first), ...endpoints.slice(0, first)]);
  };

  test("one after the other, they stop and come back, and no operation fails", async () => {
    const load = await SteadyLoad.start(4, lists(), { region: "here", ttl: "10s" });
    await sleep(1_000);
    const stopsMs: number[] = [];
    for (const { server } of routers) {
      const beganMs = performance.now();
      await server.stop();
      stopsMs.push(performance.now() - beganMs);
      await server.restart();
      await sleep(300);
    }
    const report = await load.stop();
    console.log(`rolling restart of 3 routers: ${told(report)}; stops took ${shown(stopsMs)} ms`);
    expect(report.failures).toEqual([]);
    expect(report.operations).toBeGreaterThan(1_000);
    expect(Math.max(...stopsMs)).toBeLessThan(5_000);
    for (const router of routers) {
      expect(router.log()).toContain('"event.action":"stopped"');
      expect(router.log()).not.toContain("drain-overdue");
    }
  });
});

function told({ operations, failures, longestMs, p99Ms, longestPauseMs }: LoadReport): string {
  const [longest, p99, pause] = [longestMs, p99Ms, longestPauseMs].map((ms) => ms.toFixed(0));
  return (
    `${operations} operations, ${failures.length} failed, p99 ${p99} ms, the longest ` +
    `${longest} ms, longest pause of a client ${pause} ms`
  );
}

function shown(figures: readonly number[]): string {
  return figures.map((figure) => figure.toFixed(0)).join(", ");
}
