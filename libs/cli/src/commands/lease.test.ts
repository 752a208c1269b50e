import { describe, expect, test } from "vitest";
import { failureError } from "../cli-error.ts";
import { FakeClient, tenant } from "../testing/fake-client.ts";
import { runIn } from "../testing/fake-edge.ts";

const handle = "us-east-1/default/order:1#x.17592186044417gggggggg.17592186044417.30000";

describe("acquire", () => {
  test("a lock that was free is printed with its handle, and stays held", async () => {
    const { exitCode, stdout, stderr, client } = await runIn({}, ["acquire", "order:1"]);
    expect(stdout).toBe(
      [
        `handle     ${handle}`,
        "region     us-east-1",
        "namespace  default",
        "lock       order:1",
        "mode       exclusive",
        "grant      17592186044417gggggggg",
        "token      17592186044417",
        "valid for  29.4s",
        "",
      ].join("\n"),
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(client.calls).toEqual(["acquire order:1 exclusive ttl=30000 wait=10000", "close"]);
  });

  test("JSON carries the token as a string", async () => {
    const { stdout } = await runIn({}, ["acquire", "order:1", "-o", "json"]);
    expect(JSON.parse(stdout)).toEqual({
      granted: true,
      handle,
      region: "us-east-1",
      namespace: "default",
      lock: "order:1",
      mode: "exclusive",
      grantId: "17592186044417gggggggg",
      token: "17592186044417",
      validForMs: 29450,
    });
  });

  test("the options reach the service, wherever they stand", async () => {
    const argv = "--region eu-west-1 acquire --ttl 1m30s a/b --wait 5s --shared --metadata k=v=w";
    const { exitCode, client, connections } = await runIn({}, argv.split(" "));
    expect(exitCode).toBe(0);
    expect(client.calls[0]).toBe("acquire a/b shared ttl=90000 wait=5000");
    expect(client.holders.get("a/b")?.[0]?.metadata).toEqual({ k: "v=w" });
    expect(connections).toEqual([expect.objectContaining({ region: "eu-west-1" })]);
  });

  test("--quiet prints the handle alone, and release takes it", async () => {
    const { client, stdout } = await runIn({}, ["acquire", "order:1", "--quiet"]);
    expect(stdout).toBe(`${handle}\n`);
    const released = await runIn({ client }, ["release", stdout.trim()]);
    expect(released.stdout).toBe("released order:1 in us-east-1 (token 17592186044417)\n");
    expect(client.holders.get("order:1")).toEqual([]);
  });

  test("a lock whose handle nobody read is released again", async () => {
    const { exitCode, client, stderr } = await runIn({ readerLeavesAfter: 0 }, ["acquire", "a"]);
    expect(exitCode).toBe(74);
    expect(stderr).toContain("the lock was released");
    expect(client.holders.get("a")).toEqual([]);
  });

  test("Ctrl-C while waiting leaves the line and exits as the shell expects", async () => {
    const client = new FakeClient();
    client.acquireAnswer = ({ signal }) =>
      new Promise((resolve) => {
        const gone = { kind: "cancelled", holders: [], queueLength: 0 } as const;
        signal?.addEventListener("abort", () => resolve(gone));
        running.raise("SIGINT");
      });
    let running = { raise: (_signal: NodeJS.Signals) => false };
    const ended = await runIn({ client }, ["acquire", "a"], (world) => {
      running = world;
    });
    expect(ended.exitCode).toBe(130);
    expect(ended.stderr).toBe("holdfast: Interrupted: no longer in line for a in us-east-1.\n");
  });

  test("a person who waits sees the place in line, and the line goes away", async () => {
    const client = new FakeClient();
    client.acquireAnswer = async ({ onPosition }) => {
      onPosition?.(3);
      return { kind: "timeout", holders: [tenant()], queueLength: 5 };
    };
    const { exitCode, stderr } = await runIn({ client, terminal: 80 }, ["acquire", "a"]);
    expect(exitCode).toBe(75);
    expect(stderr).toMatch(/waiting for a in us-east-1: number 3 in line, \d+ms/);
    expect(stderr).toContain("\r\u001b[K\u001b[31mholdfast:");
    const piped = await runIn({ client }, ["acquire", "a"]);
    expect(piped.stderr).not.toContain("in line, ");
  });
});

describe("try", () => {
  test("a busy lock exits with 75 and says by whom", async () => {
    const client = new FakeClient();
    client.holders.set("order:1", [tenant()]);
    const { exitCode, stdout, stderr } = await runIn({ client }, ["try", "order:1"]);
    expect(stderr).toBe(
      "holdfast: order:1 in us-east-1 is busy: held by alice@host (exclusive, for 12s).\n" +
        "  Wait in line with --wait, or see more with: holdfast get order:1\n",
    );
    expect({ exitCode, stdout }).toEqual({ exitCode: 75, stdout: "" });
    expect(client.calls[0]).toBe("acquire order:1 exclusive ttl=30000 wait=0");
  });

  test("in JSON a refusal is a result, on stdout", async () => {
    const client = new FakeClient();
    client.holders.set("order:1", [tenant({ metadata: { by: "alice" } })]);
    const { exitCode, stdout } = await runIn({ client }, ["try", "order:1", "-o", "json"]);
    expect(exitCode).toBe(75);
    expect(JSON.parse(stdout)).toMatchObject({
      granted: false,
      outcome: "held",
      holders: [{ owner: "alice@host", token: "17592186044417", metadata: { by: "alice" } }],
    });
  });
});

describe("release and renew", () => {
  test.each([
    ["the bare word", `${handle}\n`],
    ["JSON", JSON.stringify({ granted: true, handle, lock: "order:1" }, null, 2)],
    ["the table", `handle     ${handle}\nregion     us-east-1\nlock       order:1\n`],
  ])("- takes %s from stdin", async (_what, stdin) => {
    const { client } = await runIn({}, ["acquire", "order:1"]);
    const { exitCode, connections } = await runIn({ client, stdin }, ["release", "-"]);
    expect(exitCode).toBe(0);
    expect(connections[0]).toMatchObject({ region: "us-east-1", namespace: "default" });
    expect(client.holders.get("order:1")).toEqual([]);
  });

  test("an empty stdin, and two handles, are refused", async () => {
    const empty = await runIn({ stdin: "" }, ["release", "-"]);
    expect(empty.exitCode).toBe(64);
    expect(empty.stderr).toContain("There is no handle on stdin");
    const two = `${handle}\n${handle.replace("order:1", "order:2")}\n`;
    const both = await runIn({ stdin: two }, ["release", "-"]);
    expect(both.stderr).toContain("There are 2 handles on stdin");
  });

  test("a released lock cannot be released again: 70", async () => {
    const { exitCode, stderr } = await runIn({}, ["release", handle]);
    expect(exitCode).toBe(70);
    expect(stderr).toContain("It is not held.");
  });

  test("renew says how long it is safe now", async () => {
    const { client } = await runIn({}, ["acquire", "order:1"]);
    const { stdout } = await runIn({ client }, ["renew", handle, "--ttl", "1m"]);
    expect(client.calls).toContain("renew order:1 17592186044417 60000");
    expect(stdout).toBe("renewed order:1 in us-east-1 for 59.5s (token 17592186044417)\n");
  });

  test("a name and a token find the grant, leaving a tombstone for a late copy", async () => {
    const client = new FakeClient();
    client.holders.set("order:1", [tenant()]);
    const argv = ["release", "order:1", "--token", "17592186044417"];
    expect((await runIn({ client }, argv)).exitCode).toBe(0);
    expect(client.calls).toContain("release order:1 17592186044417");
  });

  test.each([
    ["order:1", [], 64, "does not say whose grant is meant"],
    ["order:1", ["--token", "5"], 70, "it is held with 17592186044417"],
    ["shared", ["--token", "9"], 64, "2 holders of shared in us-east-1 share the token 9"],
    ["session", ["--token", "9"], 64, "belongs to a session"],
    ["order:1", ["--token", "x"], 64, "is no token"],
    [handle, ["--token", "9"], 64, "has its token already"],
    [handle.slice(0, 50), [], 64, "is not a whole handle"],
  ])("%s %j exits with %i: %s", async (word, more, exitCode, message) => {
    const client = new FakeClient();
    client.holders.set("order:1", [tenant()]);
    const shared = tenant({ mode: "shared", token: 9n });
    client.holders.set("shared", [shared, shared]);
    client.holders.set("session", [tenant({ token: 9n, hasSession: true })]);
    const ended = await runIn({ client }, ["release", word, ...more]);
    expect(ended.stderr).toContain(message);
    expect(ended.exitCode).toBe(exitCode);
  });
});

describe("failures", () => {
  test.each([
    ["NO_QUORUM", 69],
    ["SHARD_UNAVAILABLE", 69],
    ["UNKNOWN_OUTCOME", 74],
    ["TOO_MANY_WAITERS", 75],
    ["PERMISSION_DENIED", 77],
    ["UNIMPLEMENTED", 64],
    ["SESSION_EXPIRED", 70],
  ] as const)("%s exits with %i, in JSON too", async (code, exitCode) => {
    const client = new FakeClient();
    client.trouble = failureError({ kind: "failure", code, message: "It went wrong." });
    const ended = await runIn({ client }, ["try", "a", "-o", "json"]);
    expect(ended.exitCode).toBe(exitCode);
    expect(JSON.parse(ended.stderr).error).toMatchObject({ code, message: "It went wrong." });
    expect(ended.stdout).toBe("");
    expect(client.calls).toContain("close");
  });

  test("a bug shows its trace only when asked to", async () => {
    const client = new FakeClient();
    client.trouble = new Error("boom");
    const { exitCode, stderr } = await runIn({ client }, ["get", "a"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("boom");
    expect(stderr).not.toContain("    at ");
    const debug = await runIn({ client, env: { HOLDFAST_DEBUG: "1" } }, ["get", "a"]);
    expect(debug.stderr).toContain("    at ");
  });
});

describe("a global lock", () => {
  const globalHandle = "global/default/order:1#x.17592186044417gggggggg.17592186044417.30000";

  test("is asked for with --global, through any router, and its region is global", async () => {
    const env = { HOLDFAST_ENDPOINTS: "a:1,b:1,c:1", HOLDFAST_REGION: "us-east-1" };
    const { exitCode, stdout, client, connections } = await runIn({ env }, [
      "acquire",
      "order:1",
      "--global",
      "-o",
      "json",
    ]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ region: "global", handle: globalHandle });
    expect(client.calls[0]).toBe("acquire order:1 exclusive ttl=30000 wait=10000 global");
    // The lost region of a local lock is no reason not to ask another one.
    expect(connections).toEqual([
      { endpoints: ["a:1", "b:1", "c:1"], namespace: "default", region: undefined },
    ]);
  });

  test("--region says whose router is asked", async () => {
    const argv = ["try", "order:1", "--global", "--region", "eu-west-1"];
    const { connections } = await runIn({}, argv);
    expect(connections).toEqual([expect.objectContaining({ region: "eu-west-1" })]);
  });

  test("that is taken is said to be so in all regions", async () => {
    const client = new FakeClient();
    client.holders.set("order:1", [tenant()]);
    const { exitCode, stderr } = await runIn({ client }, ["try", "order:1", "--global"]);
    expect(exitCode).toBe(75);
    expect(stderr).toContain("order:1 in all regions is busy: held by alice@host");
    expect(stderr).toContain("holdfast get order:1 --global");
  });

  test("has a ttl of 5 s at least", async () => {
    const { exitCode, stderr } = await runIn({}, ["try", "a", "--global", "--ttl", "4999ms"]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain("--ttl");
  });

  test("exits with 69 where too few regions answer, and says which did", async () => {
    const client = new FakeClient();
    client.trouble = failureError({
      kind: "failure",
      code: "NO_QUORUM",
      message: "Only eu-west-1 answers.",
      regions: ["eu-west-1"],
    });
    const argv = ["acquire", "order:1", "--global", "-o", "json"];
    const { exitCode, stdout, stderr } = await runIn({ client }, argv);
    expect(exitCode).toBe(69);
    expect(JSON.parse(stdout || stderr)).toMatchObject({
      error: { code: "NO_QUORUM", regions: ["eu-west-1"] },
    });
  });

  test("is renewed by its handle for the ttl it has, and released", async () => {
    const client = new FakeClient();
    await runIn({ client }, ["acquire", "order:1", "--global"]);
    const renewed = await runIn({ client }, ["renew", globalHandle]);
    expect(renewed.stdout).toBe(
      "renewed order:1 in all regions for 29.4s (token 17592186044417)\n",
    );
    expect(client.calls).toContain("renew order:1 17592186044417 30000");
    expect(renewed.connections).toEqual([expect.objectContaining({ region: undefined })]);
    const released = await runIn({ client }, ["release", globalHandle]);
    expect(released.stdout).toBe("released order:1 in all regions (token 17592186044417)\n");
  });

  test("is found by its name and token with --global", async () => {
    const client = new FakeClient();
    client.holders.set("order:1", [tenant({ token: 7n })]);
    const argv = ["release", "order:1", "--token", "7", "--global"];
    const { exitCode } = await runIn({ client }, argv);
    expect(exitCode).toBe(0);
    expect(client.calls[0]).toBe("get order:1 global");
    const both = await runIn({ client }, ["release", globalHandle, "--global"]);
    expect(both.exitCode).toBe(64);
  });
});
