import { expect, test } from "vitest";
import { ask } from "../../testing/ask-audit.ts";
import { auditRecord, FakeAudit } from "../../testing/fake-audit.ts";

test("an export is a line a record, with the very text that its hash covers", async () => {
  const audit = new FakeAudit();
  const [first, second] = [auditRecord(1, {}), auditRecord(2, {})];
  const broken = { ...second, line: Buffer.from([0xff]) };
  audit.exported = [
    { records: [first, broken], done: false, beyond: undefined, unread: [] },
    { records: [], done: true, beyond: audit.beyond, unread: [] },
  ];
  const { exitCode, stdout } = await ask(audit, ["export", "--from", "1h"]);
  expect(exitCode).toBe(0);
  const [one, two] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(one).toEqual({
    cluster: "c/us-east-1/s0",
    sequence: "1",
    previousHash: "00".repeat(32),
    hash: "01".repeat(32),
    line: first.line.toString(),
  });
  expect(two).toMatchObject({ sequence: "2", lineBase64: "/w==" });
  audit.exported.pop();
  expect((await ask(audit, ["export"])).exitCode).toBe(1);
});

test("an export that lacks objects is not whole, unless they were left out on purpose", async () => {
  const audit = new FakeAudit();
  const lacking = (why: string) => {
    const unread = { cluster: "c", why, objects: 1n, first: 1n, last: 9n, message: "Record 3." };
    audit.exported = [{ records: [], done: true, beyond: audit.beyond, unread: [unread] }];
  };
  lacking("damaged");
  const damaged = await ask(audit, ["export"]);
  expect(damaged.exitCode).toBe(1);
  expect(damaged.stderr).toContain(
    "c: 1 object of the archive (records 1 to 9) not read: damaged. Record 3.\n",
  );
  lacking("hot-only");
  expect((await ask(audit, ["export", "--hot-only"])).exitCode).toBe(0);
  expect(audit.asked.at(-2)).toMatchObject({ request: { hotOnly: true } });
});
