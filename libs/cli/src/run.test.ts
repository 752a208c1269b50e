import { describe, expect, test } from "vitest";
import { exitCodeTable } from "./exit-codes.ts";
import { runIn } from "./testing/fake-edge.ts";

const commands = [
  "acquire",
  "try",
  "release",
  "renew",
  "exec",
  "get",
  "ls",
  "watch",
  "sessions",
  "shard ls",
  "shard locate",
  "region ls",
  "bench",
  "doctor",
  "completion",
];

describe("help", () => {
  test("holdfast alone says what to type next", async () => {
    const { exitCode, stdout } = await runIn({}, []);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("holdfast exec nightly-report -- ./report.sh");
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test.each(commands)(
    "%s --help has examples, the shared options and the exit codes",
    async (name) => {
      const { exitCode, stdout, stderr } = await runIn({}, [...name.split(" "), "--help"]);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
      expect(stdout).toContain(`Usage: holdfast ${name}`);
      expect(stdout).toMatch(/Examples:\n {2}.*holdfast/);
      expect(stdout).toContain("--endpoints <list>");
      for (const { meaning } of exitCodeTable) expect(stdout).toContain(meaning);
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    },
  );

  test("holdfast --help names every command", async () => {
    const { stdout } = await runIn({}, ["--help"]);
    for (const name of commands)
      expect(stdout).toMatch(new RegExp(`^ {2}${name.split(" ")[0]} `, "m"));
  });

  test.each(["acquire", "shard", "doctor"])("help %s says what its --help does", async (name) => {
    const { stdout } = await runIn({}, [name, "--help"]);
    expect(await runIn({}, ["help", name])).toMatchObject({ exitCode: 0, stdout, stderr: "" });
  });

  test("help alone says what --help does", async () => {
    const { stdout } = await runIn({}, ["--help"]);
    expect(await runIn({}, ["help"])).toMatchObject({ exitCode: 0, stdout, stderr: "" });
  });

  test("--version prints the version alone", async () => {
    expect(await runIn({}, ["--version"])).toMatchObject({ exitCode: 0, stdout: "1.2.3\n" });
  });
});

describe("usage errors", () => {
  test.each([
    [["acquier", "a"], "Unknown command 'acquier'. (Did you mean acquire?)", "holdfast --help"],
    [["help", "acquier"], "Unknown command 'acquier'.", "holdfast --help"],
    [["acquire"], "Missing required argument 'name'.", "holdfast acquire --help"],
    [["acquire", "a", "--tll", "3s"], "Did you mean --ttl?", "holdfast acquire --help"],
    [["acquire", "a", "b"], "Too many arguments", "holdfast acquire --help"],
    [["acquire", "a", "--ttl", "30"], '--ttl "30" has no unit.', "30s"],
    [["acquire", "a", "--ttl", "1s"], "--ttl 1s is out of range: it may be 2s to 1h.", ""],
    [["acquire", "a", "--wait", "61m"], "--wait 61m is out of range: it may be 0ms to 1h.", ""],
    [["acquire", "a", "--metadata", "x"], '--metadata "x" is not key=value.', "by=alice"],
    [["acquire", "a b"], "this one has U+0020", ""],
    [["acquire", "a/../b"], "No segment of a lock name may be empty", ""],
    [["get", "a", "-o", "yaml"], "Allowed choices are table, json.", "holdfast get --help"],
    [["get", "a", "--namespace", "A"], "A namespace is 1 to 64 bytes", ""],
    [["get", "a", "--region", "a_b"], "A region is 1 to 64 bytes", ""],
    [["get", "a", "--endpoints", "nowhere"], '--endpoints has "nowhere"', "localhost:7420"],
    [["ls", "--limit", "0"], '--limit "0" is not a whole number', ""],
    [["completion", "tcsh"], "Allowed choices are bash, zsh, fish.", "holdfast completion --help"],
    [["exec", "a"], "Missing required argument 'command'.", "Put the command after --"],
    [["exec", "a", "ls", "-l"], "Unknown option '-l'.", "Put the command after --"],
  ])("%j exits with 64: %s", async (argv, message, advice) => {
    const { exitCode, stdout, stderr, client } = await runIn({}, argv);
    expect(stderr).toContain(message);
    expect(stderr).toContain(advice);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" });
    expect(client.calls).toEqual([]);
  });

  test("a command of commands prints its help on stderr", async () => {
    const { exitCode, stdout, stderr } = await runIn({}, ["shard"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: "" });
    expect(stderr).toContain("locate");
  });

  test("in JSON the error is an object on stderr", async () => {
    const { stderr } = await runIn({}, ["acquire", "a", "--ttl", "soon", "-o", "json"]);
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: "USAGE",
        message: '--ttl "soon" is not a duration.',
        advice: "Write it with a unit, such as 500ms, 30s, 2m or 1h.",
        exitCode: 64,
      },
    });
  });
});

describe("environment", () => {
  test("namespace and region come from options first, then from the environment", async () => {
    const env = { HOLDFAST_NAMESPACE: "shop", HOLDFAST_REGION: "eu-west-1" };
    const { connections } = await runIn({ env }, ["get", "a"]);
    expect(connections[0]).toMatchObject({ namespace: "shop", region: "eu-west-1" });
    const told = await runIn({ env }, ["get", "a", "--namespace", "b", "--region", "c"]);
    expect(told.connections[0]).toMatchObject({ namespace: "b", region: "c" });
    const none = await runIn({}, ["get", "a"]);
    expect(none.connections[0]).toMatchObject({ namespace: "default", region: undefined });
  });

  test("NO_COLOR, a dumb terminal and a pipe take the colours away", async () => {
    const colour = "\u001b[";
    const coloured = await runIn({ terminal: 80 }, ["get", "a"]);
    expect(coloured.stdout).toContain(colour);
    for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
      expect((await runIn({ terminal: 80, env }, ["get", "a"])).stdout).not.toContain(colour);
    }
    expect((await runIn({}, ["get", "a"])).stdout).not.toContain(colour);
  });
});
