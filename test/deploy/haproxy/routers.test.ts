import { setTimeout as sleep } from "node:timers/promises";
import type { RouterAddress } from "@holdfast/haproxy/haproxy-config";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RouterProcess, startRouter } from "../../integration/cached-reads/router-process.ts";
import { type EtcdServer, etcdMissing, startEtcd } from "../../integration/etcd-server.ts";
import { Region } from "../../integration/region.ts";
import { type LoadReport, SteadyLoad } from "../../integration/rolling/steady-load.ts";
import { until } from "../../integration/until.ts";
import { type HaproxyUnderTest, haproxyMissing, startHaproxy } from "./haproxy-process.ts";

const missing = haproxyMissing ?? etcdMissing;
const timeoutMs = 90_000;

describe.skipIf(missing !== undefined)("routers behind HAProxy", () => {
  let etcd: EtcdServer;
  let region: Region;
  let routers: RouterProcess[];
  let haproxy: HaproxyUnderTest;

  beforeAll(async () => {
    etcd = await startEtcd();
    region = new Region({ urls: [etcd.url] });
    expect(await region.publish()).toBeUndefined();
    const start = () => startRouter(etcd.url, { HOLDFAST_CONNECTION_AGE: "2s" });
    routers = await Promise.all([start(), start(), start()]);
    haproxy = await startHaproxy("none", addresses());
    await until("all routers are up", async () => (await routersUp()) === 3, 20_000);
  }, timeoutMs);
  afterAll(async () => {
    await haproxy?.[Symbol.asyncDispose]();
    for (const router of routers ?? []) await router[Symbol.asyncDispose]();
    await region?.[Symbol.asyncDispose]();
    await etcd?.[Symbol.asyncDispose]();
  }, timeoutMs);

  const addresses = (): RouterAddress[] =>
    routers.map(({ endpoint, metrics }, index) => ({
      name: `router-${index}`,
      grpc: endpoint,
      readyPort: Number(metrics.split(":")[1]),
    }));
  const stateOf = async (index: number) => {
    const state = (await haproxy.states()).get(`router-${index}`);
    if (state === undefined) throw new Error(`HAProxy knows no router-${index}`);
    return state;
  };
  const routersUp = async () =>
    [...(await haproxy.states()).values()].filter(({ status }) => status === "UP").length;
  const routerAt = (index: number): RouterProcess => {
    const router = routers[index];
    if (router === undefined) throw new Error(`there is no router ${index}`);
    return router;
  };
  const startLoad = () => SteadyLoad.start(6, [[haproxy.endpoint]], { region: "here", ttl: "10s" });
  const nothingFailed = (what: string, report: LoadReport): void => {
    const { operations, failures, longestMs, longestPauseMs } = report;
    console.log(
      `${what}: ${operations} operations, ${failures.length} failed, longest ` +
        `${longestMs.toFixed(0)} ms, longest pause of a client ${longestPauseMs.toFixed(0)} ms`,
    );
    expect(failures).toEqual([]);
  };

  test(
    "one that drains gets no new streams, and one that comes back gets its part",
    async () => {
      const load = await startLoad();
      await until("every router has streams", async () => {
        return [...(await haproxy.states()).values()].every(({ streams }) => streams > 0);
      });
      await routerAt(0).server.stop();
      await until("HAProxy has noticed", async () => (await stateOf(0)).status === "DOWN");
      const { streamsEver } = await stateOf(0);
      await sleep(1_500);
      expect(await stateOf(0)).toEqual({ status: "DOWN", streams: 0, streamsEver });
      await routerAt(0).server.restart();
      await until(
        "old streams were placed anew",
        async () => (await stateOf(0)).streams > 0,
        15_000,
      );
      nothingFailed("a router drained and came back", await load.stop());
    },
    timeoutMs,
  );

  test(
    "one that is killed is left, and no operation fails",
    async () => {
      const load = await startLoad();
      await sleep(300);
      await routerAt(1).server.kill("SIGKILL");
      await until("HAProxy has noticed", async () => (await stateOf(1)).status === "DOWN");
      await sleep(500);
      expect((await stateOf(1)).streams).toBe(0);
      nothingFailed("a router was killed", await load.stop());
      await routerAt(1).server.restart();
      await until("it is back", async () => (await stateOf(1)).status === "UP", 10_000);
    },
    timeoutMs,
  );

  test(
    "an operator's word drains one, which goes on with what it has",
    async () => {
      const load = await startLoad();
      await haproxy.tell("set server routers/router-2 state drain");
      await until("its streams have grown old and left", async () => {
        return (await stateOf(2)).streams === 0;
      });
      expect((await stateOf(2)).status).toBe("DRAIN");
      await haproxy.tell("set server routers/router-2 state ready");
      nothingFailed("an operator drained a router", await load.stop());
    },
    timeoutMs,
  );

  test("Prometheus can ask the balancer itself", async () => {
    const answer = await fetch(`http://${haproxy.metrics}/metrics`);
    expect(await answer.text()).toContain(
      'haproxy_server_status{proxy="routers",server="router-0"',
    );
  });
});
