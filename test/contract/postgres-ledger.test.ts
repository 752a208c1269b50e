import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connectPostgresLedger } from "@holdfast/adapter-postgres/connect-ledger";
import type { PostgresLedger } from "@holdfast/adapter-postgres/postgres-ledger";
import {
  chainQuestion,
  lockBeforeQuestion,
  sessionQuestion,
  startOf,
  timelineQuestion,
} from "@holdfast/adapter-postgres/row-pages";
import type { LedgerRow } from "@holdfast/engine/ports/ledger";
import { ChainedRows } from "@holdfast/engine/testing/chained-rows";
import { freePorts } from "@holdfast/toolchain/free-ports";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { answered, appended, dayMs, lock, noonMs, partOf, rowOf, rowsFrom } from "./ledger-rows.ts";
import {
  execute,
  type PostgresUnderTest,
  postgresMissing,
  startPostgres,
} from "./postgres-under-test.ts";

describe.skipIf(postgresMissing !== undefined)("a ledger in Postgres", () => {
  let server: PostgresUnderTest;
  const opened: PostgresLedger[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((ledger) => ledger.close()));
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  async function open(url: string, limits: { statementMs?: number; connectMs?: number } = {}) {
    const connected = await connectPostgresLedger({ url, migrates: true, ...limits });
    if (connected.kind !== "connected") throw new Error(connected.message);
    opened.push(connected.ledger);
    return connected.ledger;
  }

  /** As a role of its own, which may read and write everything but for what `but` says. */
  async function openAs(url: string, role: string, but: string) {
    await execute(
      url,
      `create role ${role} login password '${role}';
      grant usage on schema holdfast to ${role};
      grant select, insert, update on all tables in schema holdfast to ${role};
      ${but}`,
    );
    const { href } = Object.assign(new URL(url), { username: role, password: role });
    const connected = await connectPostgresLedger({ url: href, migrates: false });
    if (connected.kind !== "connected") throw new Error(connected.message);
    opened.push(connected.ledger);
    return connected.ledger;
  }

  describe("with a schema", () => {
    it("brings an empty database up to date, and a second time changes nothing", async () => {
      const url = await server.newDatabase();
      await open(url);
      await open(url);
      const versions = await execute(
        url,
        "select version from holdfast.schema_versions order by 1",
      );
      expect(versions).toEqual([1, 2, 3, 4].map((version) => ({ version })));
    });

    it("lets several bring it up to date at once", async () => {
      const url = await server.newDatabase();
      const ledgers = await Promise.all([1, 2, 3, 4].map(() => open(url)));
      await Promise.all(
        ledgers.map((ledger, place) => appended(ledger, rowsFrom(1 + 10 * place, 5))),
      );
      const versions = await execute(
        url,
        "select version from holdfast.schema_versions order by 1",
      );
      expect(versions).toEqual([1, 2, 3, 4].map((version) => ({ version })));
    });

    it("that is newer than the code refuses, and touches nothing", async () => {
      const url = await server.newDatabase();
      await open(url);
      await execute(url, "insert into holdfast.schema_versions values (99, 'from the future')");
      for (const migrates of [true, false]) {
        const refused = await connectPostgresLedger({ url, migrates });
        expect(refused).toMatchObject({ kind: "not-connected", reason: "schema-newer" });
        expect(refused).toHaveProperty("message", expect.stringMatching(/version 99.* knows 4/));
      }
      const versions = await execute(
        url,
        "select version from holdfast.schema_versions order by 1",
      );
      expect(versions).toHaveLength(5);
    });

    it("keeps rows of before as they are: their lines were stored whole", async () => {
      const url = await server.newDatabase();
      const ledger = await open(url);
      const rows = new ChainedRows("c1").next(2, noonMs);
      await appended(ledger, rows);
      const [stored] = await execute(url, "select line from holdfast.events where sequence = 1");
      expect(stored?.line.toString()).toMatch(/^,"mode":/);
      const [before] = rows as [LedgerRow];
      await execute(
        url,
        `update holdfast.events set line = '\\x${Buffer.from(before.line).toString("hex")}'
        where sequence = 1`,
      );
      expect(await ledger.chain({ cluster: "c1", limit: 10 })).toMatchObject({ rows });
    });

    it("that is older refuses who may not change it", async () => {
      const url = await server.newDatabase();
      const refused = await connectPostgresLedger({ url, migrates: false });
      expect(refused).toMatchObject({ kind: "not-connected", reason: "schema-older" });
      expect(await execute(url, "select to_regnamespace('holdfast') as there")).toEqual([
        { there: null },
      ]);
      await open(url);
      const connected = await connectPostgresLedger({ url, migrates: false });
      if (connected.kind === "connected") opened.push(connected.ledger);
      expect(connected.kind).toBe("connected");
    });
  });

  describe("that cannot be had", () => {
    it("refuses a wrong password, a stranger and a missing database, and tells no password", async () => {
      const url = new URL(await server.newDatabase());
      const wrong = [
        Object.assign(new URL(url), { password: "geheim" }),
        Object.assign(new URL(url), { password: "" }),
        Object.assign(new URL(url), { username: "nobody", password: "geheim" }),
        Object.assign(new URL(url), { pathname: "/nowhere" }),
      ];
      for (const each of wrong) {
        const refused = await connectPostgresLedger({ url: each.href, migrates: true });
        expect(refused).toMatchObject({ kind: "not-connected", reason: "denied" });
        expect(JSON.stringify(refused)).not.toMatch(/geheim/);
      }
    });

    it("is unavailable where nothing listens", async () => {
      const [port] = await freePorts(1);
      const url = `postgres://holdfast:x@127.0.0.1:${port}/d`;
      const refused = await connectPostgresLedger({ url, migrates: true });
      expect(refused).toMatchObject({ kind: "not-connected", reason: "unavailable" });
      expect(refused).toHaveProperty("message", expect.stringContaining("ECONNREFUSED"));
    });

    it("is unavailable where somebody listens and says nothing", async () => {
      const silent = createServer(() => {}).listen(0, "127.0.0.1");
      await once(silent, "listening");
      const { port } = silent.address() as AddressInfo;
      const url = `postgres://holdfast:x@127.0.0.1:${port}/d`;
      const startedMs = performance.now();
      const refused = await connectPostgresLedger({ url, migrates: true, connectMs: 300 });
      expect(refused).toMatchObject({ kind: "not-connected", reason: "unavailable" });
      expect(performance.now() - startedMs).toBeLessThan(3_000);
      silent.close();
    });

    it("is had at once where the server does not say goodbye to who looked at its schema", async () => {
      await using way = await Way.to(await server.newDatabase(), { isPolite: false });
      expect(await open(way.url)).toBeDefined();
    });

    it("is unsuitable where names of all scripts cannot be stored", async () => {
      const url = await server.newDatabase("encoding 'LATIN1' template template0 locale 'C'");
      const refused = await connectPostgresLedger({ url, migrates: true });
      expect(refused).toMatchObject({ kind: "not-connected", reason: "unsuitable" });
    });

    it("answers unavailable once it is gone, and goes on when it is there again", async () => {
      await using way = await Way.to(await server.newDatabase());
      const ledger = await open(way.url, { connectMs: 500 });
      await appended(ledger, rowsFrom(1, 3));
      way.cut();
      const reply = await ledger.append(rowsFrom(4, 3));
      expect(["unavailable", "unknown"]).toContain(reply.kind);
      expect(await ledger.append(rowsFrom(4, 3))).toMatchObject({ kind: "unavailable" });
      expect(await ledger.head("c1")).toMatchObject({ kind: "unavailable" });
      way.heal();
      await appended(ledger, rowsFrom(4, 3));
    });
  });

  it("is closed any number of times, and says to whoever comes later that it is not there", async () => {
    const ledger = await open(await server.newDatabase());
    await Promise.all([ledger.close(), ledger.close()]);
    await ledger.close();
    expect(await ledger.append(rowsFrom(1, 1))).toMatchObject({ kind: "unavailable" });
  });

  it("does not wait for ever for a server that falls silent in mid-batch", async () => {
    await using way = await Way.to(await server.newDatabase());
    const ledger = await open(way.url, { statementMs: 200, connectMs: 500 });
    await appended(ledger, rowsFrom(1, 3));
    const startedMs = performance.now();
    way.freeze();
    expect(await ledger.append(rowsFrom(4, 3))).toMatchObject({ kind: "unknown" });
    expect(performance.now() - startedMs).toBeLessThan(8_000);
    way.cut();
    way.heal();
    await appended(ledger, rowsFrom(4, 3));
  });

  it("does not know what became of a batch whose connection is lost, and takes it again", async () => {
    const url = await server.newDatabase();
    const ledger = await open(url);
    await appended(ledger, rowsFrom(1, 1));
    // The batch waits for a row that somebody else has inserted and not committed.
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query("begin; lock table holdfast.day_clusters in exclusive mode");
    const appending = ledger.append(rowsFrom(2, 5));
    await expect
      .poll(() =>
        execute(
          url,
          `select pg_terminate_backend(pid) from pg_stat_activity
        where query like '%with added%' and wait_event_type = 'Lock' and pid <> pg_backend_pid()`,
        ),
      )
      .toHaveLength(1);
    expect(await appending).toMatchObject({ kind: "unknown" });
    await other.query("rollback");
    await other.end();
    await appended(ledger, rowsFrom(2, 5));
  });

  it("does not deny a batch that is there because it could not be looked for conflicts", async () => {
    const url = await server.newDatabase();
    const ledger = await open(url);
    await appended(ledger, rowsFrom(1, 1));
    // May append everything, and may not read the hashes.
    const writer = await openAs(
      url,
      "writer",
      `revoke select on holdfast.events from writer;
      grant select (day, cluster_id, sequence, at_ms) on holdfast.events to writer;`,
    );
    expect(await writer.append(rowsFrom(1, 2))).toMatchObject({ kind: "unknown" });
    expect(answered(await ledger.head("c1"), "head").row?.revision).toBe(2n);
    expect(await ledger.append(rowsFrom(1, 2))).toMatchObject({ kind: "appended", added: 0 });
  });

  it("does not deny the record of an archived part because it could not be read back", async () => {
    const url = await server.newDatabase();
    const ledger = await open(url);
    const archiver = await openAs(
      url,
      "archiver",
      "revoke select on holdfast.archived_parts from archiver;",
    );
    const part = partOf("2026-11-22", 0);
    expect(await archiver.recordArchived(part)).toMatchObject({ kind: "unknown" });
    expect(answered(await ledger.archived({ limit: 2 }), "list").items).toEqual([part]);
  });

  it("gives up a batch that takes too long, with nothing of it done", async () => {
    const url = await server.newDatabase();
    const ledger = await open(url, { statementMs: 300 });
    await appended(ledger, rowsFrom(1, 1));
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    await other.query("begin; lock table holdfast.day_clusters in exclusive mode");
    expect(await ledger.append(rowsFrom(2, 5))).toMatchObject({ kind: "unavailable" });
    await other.query("rollback");
    await other.end();
    await appended(ledger, rowsFrom(2, 5));
  });

  it("opens a day again that was dropped while a batch was on its way to it", async () => {
    const url = await server.newDatabase();
    const [writer, archiver] = [await open(url), await open(url)];
    await appended(writer, rowsFrom(1, 5));
    // The writer believes the day to be open.
    expect(await archiver.dropDay("2026-11-22", 5)).toEqual({ kind: "dropped" });
    const reply = await writer.append(rowsFrom(6, 5));
    expect(reply).toMatchObject({ added: 5, lateDays: ["2026-11-22"] });
  });

  it("loses no row when days are dropped under the writers' hands", async () => {
    const url = await server.newDatabase();
    const [writer, archiver] = [await open(url), await open(url)];
    let dropped = 0;
    let isWriting = true;
    const write = async () => {
      for (let batch = 0; batch < 40; batch++) await appended(writer, rowsFrom(1 + batch * 20, 20));
    };
    const writing = write().finally(() => {
      isWriting = false;
    });
    while (isWriting) {
      const { days } = answered(await archiver.days({ limit: 1 }), "days");
      const rows = days[0]?.clusters[0]?.rows ?? 0;
      const reply = await archiver.dropDay("2026-11-22", rows);
      if (reply.kind === "dropped") dropped += rows;
    }
    await writing;
    const { days } = answered(await archiver.days({ limit: 1 }), "days");
    expect(dropped + (days[0]?.clusters[0]?.rows ?? 0)).toBe(800);
  });

  it("answers every question for rows from an index, in its order, before any statistics", async () => {
    const url = await server.newDatabase();
    const ledger = await open(url);
    const rows = rowsFrom(1, 4_000).map((row, place) =>
      rowOf({ ...row, lock: { ...lock, name: `o/${place % 200}` }, session: `s${place % 200}` }),
    );
    await appended(ledger, rows);
    await appended(ledger, [rowOf({ revision: 9_999n, atMs: noonMs + dayMs })]);
    const window = { fromMs: noonMs, toMs: noonMs + dayMs, limit: 10 };
    const questions = [
      timelineQuestion({ lock, ...window }, startOf(noonMs)),
      lockBeforeQuestion({ lock, atMs: noonMs, limit: 10 }, startOf(noonMs)),
      sessionQuestion("s1", startOf(0), 10),
      chainQuestion(2, undefined, { sequence: 5n, revision: 0n, index: 0 }, 10),
      chainQuestion(2, "2026-11-22", { sequence: 5n, revision: 0n, index: 0 }, 10),
    ];
    // As the ledger's own connections have it; and the day of one row is read whole, and rightly.
    const settings = "set enable_bitmapscan = off; set enable_seqscan = off";
    for (const { name, text, values } of questions) {
      const plan = await execute(url, settings, { text: `explain ${text}`, values: [...values] });
      const lines = plan.map((line) => line["QUERY PLAN"]).join("\n");
      expect(lines, name).not.toMatch(/Seq Scan on events|-> {2}(Incremental )?Sort/);
      expect(lines, name).toMatch(/Index Scan/);
    }
  });
});

/** A way to a server that can be cut, for who is on it and for who comes. */
class Way implements AsyncDisposable {
  readonly url: string;
  readonly #sockets = new Set<Socket>();
  readonly #server;
  #isCut = false;

  private constructor(url: URL, server: ReturnType<typeof createServer>) {
    this.url = url.href;
    this.#server = server;
  }

  /** `isPolite`: whoever ends the connection is told that the other has ended it as well. */
  static async to(target: string, { isPolite = true } = {}): Promise<Way> {
    const { hostname, port } = new URL(target);
    const server = createServer({ allowHalfOpen: !isPolite }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = new URL(target);
    url.port = String((server.address() as AddressInfo).port);
    const way = new Way(url, server);
    server.on("connection", (near) => {
      if (way.#isCut) return near.destroy();
      const far = connect(Number(port), hostname);
      for (const socket of [near, far]) {
        way.#sockets.add(socket);
        socket.on("error", () => {});
      }
      near.pipe(far).pipe(near, { end: isPolite });
    });
    return way;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** Nothing comes through any more, and nobody is told. */
  freeze(): void {
    for (const socket of this.#sockets) socket.unpipe();
  }

  heal(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    this.#server.close();
  }
}
