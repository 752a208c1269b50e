import { connectPostgresLedger } from "@holdfast/adapter-postgres/connect-ledger";
import type { Ledger, LedgerRow } from "@holdfast/engine/ports/ledger";
import { recordedChain } from "@holdfast/engine/testing/recorded-chain";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import {
  execute,
  type PostgresUnderTest,
  postgresMissing,
  startPostgres,
} from "../../contract/postgres-under-test.ts";
import { openRecord } from "./asked-record.ts";

// Somebody with all rights changes the record where it lies; `holdfast audit verify` names the
// first bad record of the chain, and finds nothing wrong with the other one.

const startMs = Date.UTC(2026, 0, 31, 12);
const rows = recordedChain(60, { startMs, region: "east" });
const others = recordedChain(40, { startMs, region: "west" });
const chain = "c/east/s0";
const last = rows.at(-1) as LedgerRow;
const head = `${chain}@${last.sequence}:${Buffer.from(last.hash).toString("hex")}`;

let postgres: PostgresUnderTest;
beforeAll(async () => {
  if (postgresMissing === undefined) postgres = await startPostgres();
});
afterAll(() => postgres?.[Symbol.asyncDispose]());

/** A record in Postgres, and what is said of it once `tamper` has been at it. */
async function verified(
  tamper: (url: string, ledger: Ledger) => Promise<unknown>,
  heads: readonly string[] = [],
) {
  const url = await postgres.newDatabase();
  const connected = await connectPostgresLedger({ url, migrates: true });
  if (connected.kind !== "connected") throw new Error(connected.message);
  const { ledger } = connected;
  onTestFinished(() => ledger.close());
  expect(await ledger.append([...rows, ...others])).toMatchObject({ added: 100, conflicts: [] });
  await tamper(url, ledger);
  const record = await openRecord(ledger);
  onTestFinished(() => record[Symbol.asyncDispose]());
  const given = heads.length === 0 ? [] : ["--head", ...heads];
  const { code, stdout } = await record.ask("verify", "-o", "json", ...given);
  const { chains } = JSON.parse(stdout);
  const [damaged, intact] = chains;
  expect(intact).toMatchObject({ chain: "c/west/s0", intact: true, records: "40" });
  return { code, ...damaged };
}

const where = (sequence: number) =>
  `where sequence = ${sequence} and cluster_id = (select id from holdfast.names where name = '${chain}')`;
const run = (sql: string) => (url: string) => execute(url, sql);

/** Puts a copy of record 20 into the table that differs from it. */
const copied = (change: string) => (url: string) =>
  execute(
    url,
    `create table copied as select * from holdfast.events ${where(20)};
     update copied set ${change};
     insert into holdfast.events select * from copied;
     drop table copied;`,
  );

/** Another record 20, as whole as the first: what a second writer of one chain would do. */
async function fork(_url: string, ledger: Ledger): Promise<void> {
  const after = rows[18] as LedgerRow;
  const plan = { startMs, region: "east", after, owner: "mallory", firstRevision: 900 };
  expect(await ledger.append(recordedChain(1, plan))).toMatchObject({ added: 1 });
}

const edited = `set line = convert_to(replace(convert_from(line, 'UTF8'), 'somebody', 'mallory'), 'UTF8')`;

test.skipIf(postgresMissing !== undefined).each([
  ["deleted", run(`delete from holdfast.events ${where(20)}`), { first: "20", last: "20" }],
  ["edited", run(`update holdfast.events ${edited} ${where(20)}`), { first: "20" }],
  [
    "reordered",
    run(
      `update holdfast.events set sequence = 41 - sequence
       where sequence in (20, 21) and cluster_id = (select cluster_id from holdfast.events ${where(20)})`,
    ),
    { first: "20", last: "21" },
  ],
  ["inserted", copied("revision = 1, hash = previous_hash"), { first: "20" }],
  ["truncated-end", run("delete from holdfast.events where sequence > 40"), { first: "41" }],
  ["forked", fork, { first: "20" }],
])("a record that was %s is named", async (kind, tamper, damage) => {
  const found = await verified(tamper);
  expect(found).toMatchObject({ code: 1, chain, intact: false, damage: { kind, ...damage } });
  expect(found.head).toMatch(new RegExp(`^${chain}@${Number(damage.first) - 1}:`));
});

test.skipIf(postgresMissing !== undefined).each([
  // What a line begins with is read out of these: another line comes of them.
  ["grant_id", "its hash is not that of its content"],
  ["session", "(session)"],
])("a column (%s) that was edited, its hash left alone, is named", async (column, message) => {
  const found = await verified(run(`update holdfast.events set ${column} = 'x' ${where(20)}`));
  expect(found.damage).toMatchObject({ kind: "edited", first: "20" });
  expect(found.damage.message).toContain(message);
});

test.skipIf(postgresMissing !== undefined)(
  "an end that was cut off with its counts is missed by a head that was kept",
  async () => {
    const cut = `
      delete from holdfast.events where sequence > 40;
      update holdfast.day_clusters set last_sequence = 40, rows = 40 where last_sequence > 40;`;
    expect(await verified(run(cut))).toMatchObject({ code: 0, intact: true });
    expect((await verified(run(cut), [head])).damage).toMatchObject({
      kind: "truncated-end",
      first: "41",
      last: "60",
    });
  },
);
