import assert from "node:assert/strict";
import type { Txn } from "@holdfast/core/txn/txn";
import { Etcd3 } from "etcd3";
import { TcpRelay } from "../../relay/tcp-relay.ts";
import { freshRegion, Region } from "../region.ts";
import { until } from "../until.ts";
import type { Hazard } from "./hazard.ts";

const twice = "the write reached etcd twice";

/** etcd3 sends a write again whose answer was lost, unless one goes below its policies. */
export const blindRepeats: Hazard = {
  number: 7,
  title: "the etcd3 client repeats ambiguous writes",
  scenarios: [
    {
      name: "a write whose connection breaks before the answer reaches etcd once, of two members too",
      run: async (url) => {
        await using relay = await TcpRelay.start(url);
        await using region = await freshRegion(url, { through: `${relay.url},${url}` });
        const before = await revision(region);
        relay.shape("toClient", { held: true });
        const answer = region.shard().committer.submit(put, "counted");
        await until("it is carried out", async () => (await revision(region)) > before);
        relay.cut();
        // Whoever sends it again has a connection for it.
        relay.mend();
        const outcome = await answer;
        assert.equal(await revision(region), before + 1n, twice);
        assert.equal(outcome.kind, "unknown");
      },
      guards: [
        {
          what: "a write goes to another member only if it was certainly never sent",
          file: "libs/adapters/etcd/src/cluster.ts",
          find: ", 1, neverSent);",
          replace: ", 1, blamesMember);",
          fails: twice,
        },
        {
          what: "a call that broke is answered so, where etcd3 would try again",
          file: "libs/adapters/etcd/src/member.ts",
          find: 'if (error !== null) resolve({ kind: "error", error });',
          replace: `if (error !== null && !request.again) {
            request.again = true;
            this.ready().then(() => resolve(this.call(...arguments)));
          } else if (error !== null) resolve({ kind: "error", error });`,
          fails: twice,
        },
      ],
    },
    {
      name: "etcd3 with its own fault handling writes twice what we write once",
      run: async (url) => {
        await using relay = await TcpRelay.start(url);
        await using region = new Region({ urls: [url] });
        const before = await revision(region);
        using client = closing(new Etcd3({ hosts: relay.url }));
        // Connects.
        await client.get("counted");
        relay.shape("toClient", { held: true });
        const answer = client.put("counted").value("once").exec();
        await until("it is carried out", async () => (await revision(region)) > before);
        relay.cut();
        relay.mend();
        await answer;
        assert.equal(await revision(region), before + 2n);
      },
      guards: [],
    },
  ],
};

const put: Txn = {
  compares: [],
  success: [{ kind: "put", key: "counted", value: new Uint8Array(1), lease: 0n }],
  failure: [],
};

/** Rises by one with each write. */
async function revision(region: Region): Promise<bigint> {
  const reply = await region.store().range({ kind: "range", key: "counted" });
  assert(reply.kind === "read");
  return reply.revision;
}

function closing(client: Etcd3): Etcd3 & Disposable {
  return Object.assign(client, { [Symbol.dispose]: () => client.close() });
}
