import type { VerifyResponse } from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { describe, expect, test } from "vitest";
import { CliError } from "../../cli-error.ts";
import type { RegionView, ShardView } from "../../connection/client-port.ts";
import { ask, lines } from "../../testing/ask-audit.ts";
import { FakeAudit } from "../../testing/fake-audit.ts";
import { FakeClient } from "../../testing/fake-client.ts";

function regionView(name: string): RegionView {
  const isHere = name === "us-east-1";
  return { name, local: isHere, endpoints: [], reachable: true, roundTripMs: 1, problem: "" };
}

function shardView(name: string): ShardView {
  const answered = { reachable: true, problem: "", roundTripMs: 1, epoch: 1, revision: 9n };
  return { name, endpoints: [], ...answered, slotCount: 4_096, members: [], writtenProblem: "" };
}

describe("verify", () => {
  const hash = Buffer.alloc(32, 0xab);
  const head = { cluster: "c/us-east-1/s0", sequence: 20n, hash };
  const verdict = {
    head,
    records: 20n,
    anchored: 0n,
    unknown: 0n,
    archived: [],
    damage: undefined,
    forgotten: 0n,
    objects: 3n,
    unread: [],
    written: 0n,
  };
  const done: VerifyResponse = { cluster: "", records: 20n, verdict: undefined, done: true };
  const printed = `c/us-east-1/s0@20:${"ab".repeat(32)}`;

  test("an intact record ends with 0, and with heads to keep", async () => {
    const audit = new FakeAudit();
    audit.progress = [{ ...done, done: false, verdict }, done];
    const { exitCode, stdout } = await ask(audit, ["verify", "--head", printed]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      lines(
        `CHAIN           STATE   RECORDS  OBJECTS  ANCHORED  HEAD`,
        `c/us-east-1/s0  intact       20        3         -  ${printed}`,
      ),
    );
    expect(audit.asked[0]).toMatchObject({
      request: { cluster: "", trusted: [head], hotOnly: false },
    });
    const json = await ask(audit, ["verify", "-o", "json", "--chain", "c/us-east-1/s0"]);
    expect(JSON.parse(json.stdout)).toMatchObject({ intact: true, chains: [{ head: printed }] });
  });

  test("routers are asked how far the journals wrote, and a ledger that ends before is behind", async () => {
    const audit = new FakeAudit();
    audit.progress = [{ ...done, done: false, verdict: { ...verdict, written: 31n } }, done];
    const client = new FakeClient();
    client.regionViews = [regionView("us-east-1"), regionView("eu-west-1")];
    const written = { ...head, sequence: 31n };
    client.shardViews = [{ ...shardView("s0"), written }, shardView("s1")];
    const { exitCode, stdout, stderr, connections } = await ask(audit, ["verify"], { client });
    expect(exitCode).toBe(75);
    expect(stdout).toMatch(/^c\/us-east-1\/s0 +behind +20 /m);
    expect(stderr).toContain("c/us-east-1/s0: the journal wrote records up to 31");
    expect(connections.map(({ region }) => region)).toEqual(
      expect.arrayContaining(["us-east-1", "eu-west-1"]),
    );
    expect(audit.asked[0]).toMatchObject({ request: { written: [written, written] } });
    const json = JSON.parse((await ask(audit, ["verify", "-o", "json"], { client })).stdout);
    expect(json).toMatchObject({
      intact: false,
      damaged: false,
      journalsNotAsked: [],
      chains: [{ intact: false, journalWroteTo: "31" }],
    });
  });

  test("no more heads are handed over than a request may have, and that is said", async () => {
    const audit = new FakeAudit();
    audit.progress = [done];
    const client = new FakeClient();
    client.regionViews = [regionView("us-east-1")];
    client.shardViews = Array.from({ length: 1_025 }, (_, at) => ({
      ...shardView(`s${at}`),
      written: { ...head, cluster: `c${at}` },
    }));
    const { stderr } = await ask(audit, ["verify"], { client });
    expect(audit.asked[0]?.request).toMatchObject({ written: { length: 1_024 } });
    expect(stderr).toContain("(1 chains more than one request may name)");
  });

  test("a chain that the ledger has nothing of may be of another installation", async () => {
    const audit = new FakeAudit();
    const nothing = { ...verdict, head: { ...head, sequence: 0n }, records: 0n, written: 3n };
    audit.progress = [{ ...done, done: false, verdict: nothing }, done];
    const { exitCode, stderr } = await ask(audit, ["verify"]);
    expect(exitCode).toBe(75);
    expect(stderr).toContain("the ledger has nothing of this chain");
    expect(stderr).toContain("another installation than the auditor (--audit-endpoint)");
  });

  test("a region that does not say how far its journals wrote is named, and is no failure", async () => {
    const audit = new FakeAudit();
    audit.progress = [{ ...done, done: false, verdict }, done];
    const client = new FakeClient();
    client.regionViews = [regionView("us-east-1"), regionView("eu-west-1")];
    client.shardViews = [
      { ...shardView("s0"), reachable: false, problem: "no quorum" },
      { ...shardView("s1"), writtenProblem: "the checkpoint is damaged" },
    ];
    const connect = async ({ region }: { region?: string | undefined }) => {
      if (region === "eu-west-1") throw new CliError(69, "Nothing answers.");
      return client;
    };
    const { exitCode, stderr } = await ask(audit, ["verify"], { connect });
    expect(exitCode).toBe(0);
    const lost = "an end that was cut off with its counts would not show.";
    expect(stderr).toBe(
      lines(
        `How far the journal of us-east-1/s0 wrote was not asked (no quorum): ${lost}`,
        `How far the journal of us-east-1/s1 wrote was not asked (the checkpoint is damaged): ${lost}`,
        `How far the journal of eu-west-1 wrote was not asked (Nothing answers): ${lost}`,
      ),
    );
    const nobody = await ask(audit, ["verify", "-o", "json"], {
      connect: async () => {
        throw new CliError(69, "Nothing answers.");
      },
    });
    expect(JSON.parse(nobody.stdout)).toMatchObject({
      intact: true,
      journalsNotAsked: [{ region: "", why: "Nothing answers." }],
    });
  });

  test("damage ends with 1, and the first bad record is named", async () => {
    const audit = new FakeAudit();
    const damage = { kind: "deleted", first: 8n, last: 8n, message: "Record 8 was deleted." };
    const archived = [{ cluster: head.cluster, first: 1n, last: 5n }];
    const bad = { ...verdict, damage, archived, unknown: 2n, forgotten: 3n };
    audit.progress = [{ ...done, done: false, verdict: bad }, done];
    const { exitCode, stdout, stderr } = await ask(audit, ["verify"]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("deleted");
    expect(stderr).toBe(
      lines(
        "damaged: Record 8 was deleted.",
        "c/us-east-1/s0: records 1 to 5 are in the archive alone, and were not read.",
        "c/us-east-1/s0: records 1 to 3 are forgotten.",
        "c/us-east-1/s0: 2 records are parked or of a newer version; only their chain was checked.",
      ),
    );
  });

  test.each([
    ["hot-only", 0, "--hot-only."],
    ["no-archive", 0, "the auditor was given no archive (HOLDFAST_S3_BUCKET)."],
    ["frozen", 0, "in Glacier. Order them back, which holdfast audit archived says how to,"],
    ["restoring", 0, "ordered back from Glacier, and not there yet."],
    ["unavailable", 69, "the archive did not give them: S3: no answer"],
  ])("objects that were not read (%s) are neither intact nor damaged", async (why, code, said) => {
    const audit = new FakeAudit();
    const cluster = "c/us-east-1/s0";
    const message = "S3: no answer";
    const unread = [{ cluster, why, objects: 2n, first: 1n, last: 9n, message }];
    audit.progress = [{ ...done, done: false, verdict: { ...verdict, unread } }, done];
    const { exitCode, stdout, stderr } = await ask(audit, ["verify", "--hot-only"]);
    expect(exitCode).toBe(code);
    expect(stdout).toMatch(/^c\/us-east-1\/s0 +not all read +20 /m);
    expect(stderr).toContain(
      `${cluster}: 2 objects of the archive (records 1 to 9) not read: ${said}`,
    );
    expect(audit.asked[0]).toMatchObject({ request: { hotOnly: true } });
    const json = JSON.parse((await ask(audit, ["verify", "-o", "json"])).stdout);
    expect(json).toMatchObject({ intact: false, damaged: false });
    expect(json.chains[0].archive.unread).toMatchObject([{ why, objects: "2", first: "1" }]);
  });

  test("a verification that did not come to its end says so", async () => {
    const audit = new FakeAudit();
    audit.progress = [{ ...done, done: false, verdict }];
    const { exitCode, stderr } = await ask(audit, ["verify"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Stopped after 1 chains");
  });
});
