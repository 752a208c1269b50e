import { EtcdShardStore } from "@holdfast/adapter-etcd/etcd-shard-store";
import { SystemClock } from "@holdfast/base/clock";
import { SystemRandom } from "@holdfast/base/random";
import { takeIdentity } from "@holdfast/engine/proposer-identity";
import { makeShard } from "@holdfast/engine/shard";
import { expect, onTestFinished, test } from "vitest";
import { etcdMissing, startEtcd } from "./etcd-server.ts";

const surroundings = { clock: new SystemClock(), random: new SystemRandom() };

test.skipIf(etcdMissing)(
  "coordinators that start at once over one etcd get a number each, and so do later ones",
  async () => {
    const etcd = await startEtcd();
    onTestFinished(() => etcd[Symbol.asyncDispose]());
    const take = async () => {
      const store = new EtcdShardStore({ endpoints: [etcd.url], region: "here", shard: "s0" });
      const shard = makeShard("here", "s0", store, surroundings);
      const taken = await takeIdentity({ shard, ordinal: 1, random: surroundings.random });
      store.close();
      if (taken.kind === "failure") throw new Error(taken.message);
      return taken.incarnation;
    };
    const first = await Promise.all(Array.from({ length: 8 }, take));
    expect([...first].sort((left, right) => left - right)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await take()).toBe(9);
  },
);
