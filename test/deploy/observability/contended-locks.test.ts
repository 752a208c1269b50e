import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { connectPostgresLedger } from "@holdfast/adapter-postgres/connect-ledger";
import { contendedNow, contendedOverTime } from "@holdfast/observability/dashboards/contended-sql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answered, appended, dayMs, noonMs, rowOf } from "../../contract/ledger-rows.ts";
import {
  execute,
  type PostgresUnderTest,
  postgresMissing,
  startPostgres,
} from "../../contract/postgres-under-test.ts";

const hourMs = 3_600_000;

/** The query as Grafana sends it: its macros and variables filled in. */
function sent(sql: string, fromMs: number, toMs: number, regions = ".*"): string {
  return sql
    .replaceAll("$__unixEpochFrom()", String(fromMs / 1_000))
    .replaceAll("$__unixEpochTo()", String(toMs / 1_000))
    .replaceAll("$__interval_ms", String(hourMs))
    .replaceAll(/\$\{region:regex\}/g, regions);
}

describe.skipIf(postgresMissing !== undefined)(
  "the top ten contended locks, from the ledger",
  () => {
    let server: PostgresUnderTest;
    let url = "";
    let asked: { readonly lock: string; readonly region: string; readonly waiters: number }[] = [];
    const window = [noonMs, noonMs + dayMs] as const;
    /** As the role that Grafana is given. */
    const ask = (sql: string) => execute(url, "set role holdfast_grafana", sql);

    beforeAll(async () => {
      server = await startPostgres();
      url = await server.newDatabase();
      const connected = await connectPostgresLedger({ url, migrates: true });
      if (connected.kind !== "connected") throw new Error(connected.message);
      const { ledger } = connected;
      let revision = 0n;
      const waited = (name: string, region: string, atMs: number, grantId?: string) => {
        revision += 1n;
        const lock = { region, namespace: "orders", name };
        const grant = grantId === undefined ? {} : { grantId };
        return rowOf({ kind: "WaiterQueued", revision, atMs, lock, ...grant });
      };
      await appended(ledger, [
        // Lock n is waited for n times, each time an hour later.
        ...Array.from({ length: 12 }, (_, n) =>
          Array.from({ length: n + 1 }, (_, k) =>
            waited(`o/${n}`, "us-east-1", noonMs + k * hourMs + 7),
          ),
        ).flat(),
        // Two regions tell of one place in the line of a global lock.
        waited("leader", "global", noonMs, "g-1"),
        waited("leader", "global", noonMs + 900, "g-1"),
        ...Array.from({ length: 20 }, () => waited("leader", "global", noonMs + 2 * hourMs)),
        rowOf({ revision: 10_000n }),
      ]);
      const reply = await ledger.contended({ fromMs: window[0], toMs: window[1], limit: 10 });
      asked = answered(reply, "contended").locks.map(({ lock, waiters }) => ({
        region: lock.region,
        lock: lock.name,
        waiters,
      }));
      await ledger.close();
      const role = resolve(import.meta.dirname, "../../../infra/observability/ledger-reader.sql");
      await execute(url, readFileSync(role, "utf8"));
    }, 60_000);
    afterAll(() => server?.[Symbol.asyncDispose]());

    it("are the ones that the API tells, with the same numbers", async () => {
      const rows = await ask(sent(contendedNow, ...window));
      expect(
        rows.map(({ region, lock, waiters }) => ({ region, lock, waiters: Number(waiters) })),
      ).toEqual(asked);
      expect(asked[0]).toEqual({ region: "global", lock: "leader", waiters: 21 });
      expect(asked).toHaveLength(10);
    });

    it("are told over time in rising order, as a heat map has them", async () => {
      const rows = await ask(sent(contendedOverTime, ...window));
      const leader = rows.filter(({ metric }) => metric === "global orders/leader");
      expect(
        leader.map(({ time, waiters }) => [Number(time) * 1_000 - noonMs, Number(waiters)]),
      ).toEqual([
        [0, 1],
        [2 * hourMs, 20],
      ]);
      const times = rows.map(({ time }) => Number(time));
      expect(times).toEqual([...times].sort((one, two) => one - two));
      expect(new Set(rows.map(({ metric }) => metric)).size).toBe(10);
    });

    it("keep to the time and the regions that are shown", async () => {
      const rows = await ask(sent(contendedNow, noonMs + hourMs, noonMs + dayMs, "(us-east-1|x)"));
      expect(rows.map(({ region }) => region)).toEqual(Array(10).fill("us-east-1"));
      expect(Number(rows[0]?.waiters)).toBe(11);
    });

    it("are all that Grafana may read, and it may write nothing", async () => {
      await expect(ask("select line from holdfast.events")).rejects.toThrow(/permission denied/);
      await expect(ask("delete from holdfast.events")).rejects.toThrow(/permission denied/);
      await expect(ask("select * from holdfast.violations")).rejects.toThrow(/permission denied/);
    });
  },
);
