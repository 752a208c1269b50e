import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrantedBy } from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { sessionReference } from "@holdfast/core/audit/session-reference";
import { describe, expect, onTestFinished, test } from "vitest";
import { ask, auditEnv as env, lines } from "../testing/ask-audit.ts";
import { archivedObject, auditRecord, FakeAudit } from "../testing/fake-audit.ts";
import { runIn, type World } from "../testing/fake-edge.ts";

describe("who is asked", () => {
  const endpointOf = async (argv: readonly string[], world: World = {}) => {
    const { auditEndpoints } = await runIn({ audit: new FakeAudit(), ...world }, [
      ...["audit", "contended", ...argv],
    ]);
    return auditEndpoints;
  };

  test("--audit-endpoint comes before the environment", async () => {
    expect(await endpointOf(["--audit-endpoint", "a:1"], { env })).toEqual(["a:1"]);
    expect(await endpointOf([], { env })).toEqual(["localhost:7430"]);
  });

  test("else it is as npm start wrote it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "holdfast-audit-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, ".holdfast"));
    const write = (audit: object) => {
      const regions = [{ region: "us-east-1", endpoint: "127.0.0.1:7420", shards: [] }];
      const path = join(folder, ".holdfast", "endpoints.json");
      return writeFile(path, JSON.stringify({ cluster: "local", regions, ...audit }));
    };
    const world = { workingDirectory: folder, audit: new FakeAudit() };
    await write({ audit: "127.0.0.1:7433" });
    expect(await endpointOf([], world)).toEqual(["127.0.0.1:7433"]);
    await write({});
    const none = await runIn(world, ["audit", "contended"]);
    expect(none.exitCode).toBe(69);
    expect(none.stderr).toContain("No record is known to ask");
    expect(none.stderr).toContain("npm start -- --audit");
    await write({ audit: "nowhere" });
    expect((await runIn(world, ["audit", "contended"])).exitCode).toBe(78);
  });

  test.each([["a"], ["a:1,b:2"]])("%s is no endpoint of a record", async (endpoint) => {
    const ended = await runIn({}, ["audit", "contended", "--audit-endpoint", endpoint]);
    expect(ended.exitCode).toBe(64);
  });
});

describe("timeline", () => {
  const register = { region: "us-east-1", lock: "global/default/g", version: 1, ballot: "1.1.1" };

  test("is a table in UTC, each event once", async () => {
    const audit = new FakeAudit();
    const all = ["eu-west-1", "us-east-1"];
    audit.records = [
      auditRecord(1, {}),
      auditRecord(2, { kind: "LockReleased", cause: "released" }),
      auditRecord(3, { kind: "GlobalGranted", ...register }, all),
      auditRecord(4, { kind: "GlobalGranted", ...register, region: "eu-west-1" }, all),
      auditRecord(5, { kind: "GlobalAccepted", ...register, ballot: "2.1.1" }, all),
      auditRecord(6, { kind: "GlobalGranted", ...register, ballot: "3.1.1" }, ["us-east-1"]),
    ].map((record, at) => (at === 3 ? { ...record, line: audit3(record.line) } : record));
    const { stdout } = await ask(audit, ["timeline", "order:1"]);
    expect(stdout).toBe(
      lines(
        "TIME (UTC)           EVENT                   TOKEN  MODE       OWNER       GRANT    HOW       SEEN IN",
        "2026-01-31 12:00:01  LockAcquired   17592186044417  exclusive  alice@host  AAAAAA…            us-east-1/s0",
        "2026-01-31 12:00:02  LockReleased   17592186044418  exclusive  alice@host  AAAAAA…  released  us-east-1/s0",
        "2026-01-31 12:00:03  GlobalGranted  17592186044419  exclusive  alice@host  AAAAAA…            eu-west-1+us-east-1",
        "2026-01-31 12:00:06  GlobalGranted  17592186044422  exclusive  alice@host  AAAAAA…            us-east-1 alone",
      ),
    );
  });

  /** The second copy of the same grant has the first one's token. */
  function audit3(line: Buffer): Buffer {
    return Buffer.from(line.toString().replace("17592186044420", "17592186044419"));
  }

  test("asks for the lock and the window that were meant", async () => {
    const audit = new FakeAudit();
    const window = ["--from", "2026-01-31", "--to", "2026-01-31T12:00"];
    await ask(audit, ["timeline", "order:1", ...window, "--namespace", "shop"]);
    await ask(audit, ["timeline", "g", "--global", "--from", "start"]);
    expect(audit.asked.filter(({ call }) => call === "timeline")).toMatchObject([
      {
        request: {
          lock: { region: "us-east-1", namespace: "shop", name: "order:1" },
          fromMs: BigInt(Date.UTC(2026, 0, 31)),
          toMs: BigInt(Date.UTC(2026, 0, 31, 12)),
        },
      },
      { request: { lock: { region: "global", name: "g" }, fromMs: 0n, toMs: 0n } },
    ]);
  });

  test("reads page after page up to the limit, and says how to go on", async () => {
    const audit = new FakeAudit();
    audit.records = Array.from({ length: 2_500 }, (_, at) => auditRecord(at % 250, {}));
    const first = await ask(audit, ["timeline", "order:1", "--limit", "1500"]);
    expect(first.stdout.split("\n")).toHaveLength(1_502);
    expect(first.stderr).toBe("There are more: raise --limit, or go on with --after 1500\n");
    const rest = await ask(audit, ["timeline", "order:1", "--after", "1500", "-o", "json"]);
    const { events, next } = JSON.parse(rest.stdout);
    expect(events).toHaveLength(1_000);
    expect(next).toBeUndefined();
  });

  test("JSON has all that a line says, tokens as text", async () => {
    const audit = new FakeAudit();
    audit.records = [auditRecord(1, { kind: "GlobalGranted", ...register }, ["us-east-1"])];
    const { stdout } = await ask(audit, ["timeline", "order:1", "-o", "json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      region: "us-east-1",
      namespace: "default",
      lock: "order:1",
      events: [
        {
          time: "2026-01-31T12:00:01.000Z",
          kind: "GlobalGranted",
          token: "17592186044417",
          ballot: "1.1.1",
          shownBy: ["us-east-1"],
          cluster: "c/us-east-1/s0",
          sequence: "1",
        },
      ],
      archive: { objects: [], more: false },
    });
  });

  test("tells what lies in the archive", async () => {
    const audit = new FakeAudit();
    audit.beyond = {
      hotFromMs: BigInt(Date.UTC(2026, 0, 25)),
      beginsAtMs: 0n,
      lost: [],
      objects: [archivedObject(), archivedObject({ day: "2026-01-02" })],
      more: true,
    };
    const { stderr } = await ask(audit, ["timeline", "order:1", "--from", "start"]);
    expect(stderr).toBe(
      "Nothing is recorded of order:1 in us-east-1, namespace default, then.\n" +
        "Before 2026-01-25 00:00:00 UTC it lies in the archive: 2 or more objects, 2026-01-01 to " +
        "2026-01-02. They are listed, and how to restore them, by: holdfast audit archived --from " +
        "2026-01-01. Their records are told by: holdfast audit export --from 2026-01-01\n",
    );
  });

  test("tells that the archive has everything, where the hot store has nothing", async () => {
    const audit = new FakeAudit();
    audit.beyond = { ...audit.beyond, objects: [archivedObject()] };
    const { stderr } = await ask(audit, ["timeline", "order:1", "--from", "start"]);
    expect(stderr).toContain(
      "The hot store is empty: all of it lies in the archive: 1 object, 2026-01-01 to 2026-01-01.",
    );
  });

  test("tells where the record begins, to whoever asks about the time before", async () => {
    const audit = new FakeAudit();
    const beginsAtMs = BigInt(Date.UTC(2026, 0, 31, 10));
    audit.beyond = { hotFromMs: 0n, beginsAtMs, objects: [], more: false, lost: [] };
    const { stderr } = await ask(audit, ["timeline", "order:1", "--from", "start"]);
    expect(stderr).toContain(
      "The record begins at 2026-01-31 10:00:00 UTC: what was before is not known.\n",
    );
    const json = await ask(audit, ["timeline", "order:1", "--from", "start", "-o", "json"]);
    expect(JSON.parse(json.stdout).recordFrom).toBe("2026-01-31T10:00:00.000Z");
  });

  test("tells of history that is missing", async () => {
    const audit = new FakeAudit();
    const lost = {
      cluster: "c/us-east-1/s0",
      region: "us-east-1",
      shard: "s0",
      fromMs: BigInt(Date.UTC(2026, 0, 31, 12)),
      toMs: BigInt(Date.UTC(2026, 0, 31, 12, 10)),
      missingFrom: 8n,
      missingTo: 90n,
    };
    audit.beyond = { ...audit.beyond, lost: [lost, { ...lost, fromMs: 0n }] };
    const { stderr } = await ask(audit, ["timeline", "order:1", "--from", "start"]);
    const begin = "History is missing: what happened in s0 of us-east-1";
    const end = "to 2026-01-31 12:10:00 UTC (revisions 8 to 90) is not known.\n";
    expect(stderr).toContain(`${begin} from 2026-01-31 12:00:00 ${end}${begin} ${end}`);
    const json = JSON.parse((await ask(audit, ["timeline", "order:1", "-o", "json"])).stdout);
    expect(json.lost[0]).toMatchObject({ shard: "s0", from: "2026-01-31T12:00:00.000Z" });
  });

  test.each([
    [["timeline", "a b"], /lock name/],
    [["timeline", "a", "--from", "yesterday"], /--from "yesterday" is no time/],
    [["timeline", "a", "--from", "1h", "--to", "2h"], /--to is before --from/],
    [["timeline", "a", "--limit", "0"], /--limit/],
    [["session", "short"], /no session/],
    [["at", "a", "noon"], /"noon" is no time/],
    [["tail", "--kind", "LockLost"], /no event/],
    [["tail", "--from", "1h", "--after", "x"], /--from/],
    [["verify", "--head", "c@1:ff"], /no head/],
    [["timeline"], /missing required argument/i],
  ])("%j is a usage error", async (argv, message) => {
    const { exitCode, stderr } = await ask(new FakeAudit(), argv);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(message);
  });
});

describe("at", () => {
  const holding = {
    grantId: "AAAAAAAAAAAAAAAAAAAAAA",
    token: 17592186044417n,
    mode: 1 as const,
    owner: "alice@host",
    session: "",
    ttlMs: 30_000n,
    sinceMs: BigInt(Date.UTC(2026, 0, 31, 12)),
    grantedBy: GrantedBy.GRANTED_BY_QUORUM,
    quorum: { ballot: "7.2.1", version: 3n, regions: ["eu-west-1", "us-east-1"] },
    region: "",
    event: { cluster: "c/us-east-1/s0", revision: 9n, index: 0 },
  };

  test("says who held it, with which token, by which quorum", async () => {
    const audit = new FakeAudit();
    audit.atAnswer = { holdings: [holding] };
    const { stdout } = await ask(audit, ["at", "g", "2026-01-31T12:30", "--global"]);
    expect(stdout).toBe(
      lines(
        "lock       g",
        "region     global",
        "namespace  default",
        "at         2026-01-31 12:30:00 UTC",
        "state      held",
        "",
        "OWNER       MODE                TOKEN  SINCE (UTC)          GRANT                   GRANTED BY",
        "alice@host  exclusive  17592186044417  2026-01-31 12:00:00  AAAAAAAAAAAAAAAAAAAAAA  " +
          "eu-west-1+us-east-1 (ballot 7.2.1)",
      ),
    );
    const json = await ask(audit, ["at", "g", "2h", "--global", "-o", "json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      state: "held",
      complete: true,
      holders: [
        {
          token: "17592186044417",
          since: "2026-01-31T12:00:00.000Z",
          grantedBy: "quorum",
          quorum: { ballot: "7.2.1", regions: ["eu-west-1", "us-east-1"] },
        },
      ],
    });
  });

  test("a delegated one is told with its delegation", async () => {
    const audit = new FakeAudit();
    const grantedBy = GrantedBy.GRANTED_BY_DELEGATION;
    const { quorum } = holding;
    audit.atAnswer = {
      holdings: [{ ...holding, grantedBy, region: "us-east-1" }],
      delegation: { region: "us-east-1", token: 5n, quorum },
    };
    const { stdout } = await ask(audit, ["at", "g", "2h", "--global"]);
    expect(stdout).toContain(
      "delegated  us-east-1, token 5, by eu-west-1+us-east-1 (ballot 7.2.1)",
    );
    expect(stdout).toContain("us-east-1, delegated by eu-west-1+us-east-1");
  });

  test("free and unknown are two", async () => {
    const audit = new FakeAudit();
    expect((await ask(audit, ["at", "a", "2h"])).stdout).toContain("state      free\n");
    audit.atAnswer = { complete: false, doubts: ["A record cannot be read."] };
    audit.beyond = { ...audit.beyond, objects: [archivedObject()] };
    const { stdout, stderr } = await ask(audit, ["at", "a", "2h"]);
    expect(stdout).toContain("state      unknown: the record does not reach that far back\n");
    expect(stderr).toContain("A record cannot be read.\n");
    expect(stderr).toContain("it lies in the archive");
  });
});

test("a lock whose history is missing then is not said to be free, or held for sure", async () => {
  const audit = new FakeAudit();
  const lost = { cluster: "c", region: "us-east-1", shard: "s0", fromMs: 0n, toMs: 9_000n };
  audit.beyond = { ...audit.beyond, lost: [{ ...lost, missingFrom: 8n, missingTo: 90n }] };
  audit.atAnswer = { complete: false };
  const { stdout, stderr } = await ask(audit, ["at", "a", "2h"]);
  expect(stdout).toContain("state      unknown: history of then is missing\n");
  expect(stderr).toContain("History is missing: what happened in s0 of us-east-1 to 1970-01-01");
});

test("a session is asked for by its reference, and its id stays here", async () => {
  const audit = new FakeAudit();
  const id = "s".repeat(22);
  audit.records = [auditRecord(1, { kind: "SessionOpened", token: undefined, lock: undefined })];
  const { stdout } = await ask(audit, ["session", "--id", id]);
  expect(stdout).toContain("SessionOpened");
  expect(audit.asked[0]).toMatchObject({ request: { session: sessionReference(id) } });
  await ask(audit, ["session", id]);
  expect(audit.asked.at(-2)).toMatchObject({ request: { session: id } });
});

test("the locks that were waited for most are a table", async () => {
  const audit = new FakeAudit();
  audit.locks = [
    { lock: { region: "global", namespace: "default", name: "billing" }, waiters: 12n },
    { lock: { region: "us-east-1", namespace: "shop", name: "order:1" }, waiters: 3n },
  ];
  const { stdout } = await ask(audit, ["contended", "--from", "1h", "--limit", "2"]);
  expect(stdout).toBe(
    lines(
      "LOCK     REGION     NAMESPACE  WAITED",
      "billing  global     default        12",
      "order:1  us-east-1  shop            3",
    ),
  );
  expect(audit.asked[0]).toMatchObject({ request: { limit: 2, toMs: 0n } });
});

describe("tail", () => {
  const tailed = () => {
    const audit = new FakeAudit();
    const missing = [{ cluster: "c/us-east-1/s0", first: 5n, last: 6n }];
    const released = auditRecord(2, { kind: "LockReleased", cause: "released" });
    audit.batches = [
      { records: [], missing: [], cursor: "c0" },
      { records: [auditRecord(1, {}), released], missing: [], cursor: "c2" },
      { records: [auditRecord(7, { kind: "LockExpired" })], missing, cursor: "c7" },
    ];
    return audit;
  };
  const untilExpired: Pick<World, "onStdout"> = {
    onStdout: (text, world) => {
      if (text.includes("LockExpired")) world.raise("SIGINT");
    },
  };

  test("is one line an event, until Ctrl-C, which is no failure", async () => {
    const { exitCode, stdout, stderr } = await ask(tailed(), ["tail", "order:*"], untilExpired);
    expect(exitCode).toBe(0);
    const rest = "us-east-1/s0  us-east-1/default/order:1  exclusive  grant=AAAAAA…";
    expect(stdout).toBe(
      lines(
        `2026-01-31 12:00:01  LockAcquired       ${rest}  token=17592186044417  alice@host`,
        `2026-01-31 12:00:02  LockReleased       ${rest}  token=17592186044418  alice@host  released`,
        `2026-01-31 12:00:07  LockExpired        ${rest}  token=17592186044423  alice@host`,
      ),
    );
    expect(stderr).toBe("records 5 to 6 of c/us-east-1/s0 have not arrived\n");
  });

  test("JSON is a line an event, and says where to go on", async () => {
    const { stdout } = await ask(tailed(), ["tail", "-o", "json"], untilExpired);
    const told = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(told.map(({ kind, cursor }) => [kind, cursor])).toEqual([
      ["LockAcquired", undefined],
      ["LockReleased", "c2"],
      ["Missing", undefined],
      ["LockExpired", "c7"],
    ]);
  });

  test("asks for what was meant", async () => {
    const audit = tailed();
    await ask(audit, ["tail", "order:*", "--kind", "LockExpired", "--after", "c"], untilExpired);
    await ask(audit, ["tail", "--from", "2026-01-31"], untilExpired);
    expect(audit.asked.filter(({ call }) => call === "tail")).toMatchObject([
      {
        request: {
          namespace: "default",
          name: "order:",
          prefix: true,
          kinds: ["LockExpired"],
          cursor: "c",
        },
      },
      { request: { namespace: "", name: "", fromMs: BigInt(Date.UTC(2026, 0, 31)), cursor: "" } },
    ]);
  });

  test("it ends quietly when nobody reads any more", async () => {
    const ended = await ask(tailed(), ["tail"], { readerLeavesAfter: 1 });
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
  });
});

test("archived objects are listed with how to get at them, by their age", async () => {
  const audit = new FakeAudit();
  const agoMs = (days: number) => BigInt(Date.now() - days * 86_400_000);
  audit.objects = [
    archivedObject({ key: "a b/0.gz", archivedAtMs: agoMs(1) }),
    archivedObject({ key: "old/0.gz", archivedAtMs: agoMs(100) }),
    archivedObject({ key: "oldest/0.gz", archivedAtMs: agoMs(400) }),
  ];
  const { stdout, stderr } = await ask(audit, ["archived", "--from", "2026-01-31T23:00"]);
  expect(stdout).toMatch(/standard +s3:\/\/audit\/a b\/0\.gz\n/);
  expect(stdout).toMatch(/glacier +s3:\/\/audit\/old\/0\.gz\n/);
  expect(stdout).toMatch(/deep-archive +s3:\/\/audit\/oldest\/0\.gz\n/);
  expect(stderr).toContain("  aws s3 cp 's3://audit/a b/0.gz' - | gunzip\n");
  expect(stderr).toContain("aws s3api restore-object --bucket audit --key old/0.gz");
  expect(audit.asked[0]).toMatchObject({ request: { fromDay: "2026-01-31", toDay: "" } });
  const json = JSON.parse((await ask(audit, ["archived", "-o", "json"])).stdout);
  expect(json.objects[1]).toMatchObject({
    storage: "glacier",
    restore: [{}, {}].map(() => expect.any(String)),
  });
});

test("every command is explained with examples", async () => {
  const names = "tail timeline at session contended verify export archived".split(" ");
  for (const name of names) {
    const { exitCode, stdout } = await runIn({}, ["audit", name, "--help"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Examples:\n  holdfast audit ${name}`);
    expect(stdout).toContain("--audit-endpoint");
  }
  const { stdout } = await runIn({}, ["audit", "--help"]);
  for (const name of names) expect(stdout).toContain(`\n  ${name}`);
});
