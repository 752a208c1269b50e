import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FakeClient, tenant } from "../testing/fake-client.ts";
import { type Ended, type Running, runIn } from "../testing/fake-edge.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "holdfast-exec-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const env = { PATH: process.env.PATH ?? "" };

/** Runs `script` with sh under a lock; `$OUT` is a file of its own. Returns how it ended. */
async function exec(
  script: string,
  options: {
    readonly client?: FakeClient;
    /** Called when the script has written "ready" into `$OUT`. */
    readonly whenReady?: (running: Running, client: FakeClient) => void;
  } = {},
): Promise<Ended & { readonly out: string; readonly path: string }> {
  const client = options.client ?? new FakeClient();
  const path = join(directory, `${Math.round(performance.now() * 1_000)}`);
  await writeFile(path, "");
  const ended = await runIn(
    { client, env: { ...env, OUT: path } },
    // The shell would tell our own stderr how its children ended.
    ["exec", "job", "--", "sh", "-c", `exec 2>/dev/null; ${script}`],
    async (running) => {
      if (options.whenReady === undefined) return;
      for (let poll = 0; poll < 400; poll++) {
        await pause(10);
        if (!(await readFile(path, "utf8")).includes("ready")) continue;
        options.whenReady(running, client);
        return;
      }
    },
  );
  return { ...ended, out: await readFile(path, "utf8"), path };
}

describe("a command under a lock", () => {
  test("finds lock, token and region in its environment; the lock is free afterwards", async () => {
    const script =
      'echo "$HOLDFAST_LOCK $HOLDFAST_TOKEN $HOLDFAST_REGION $HOLDFAST_NAMESPACE" >$OUT';
    const { exitCode, out, client } = await exec(script);
    expect({ exitCode, out }).toEqual({
      exitCode: 0,
      out: "job 17592186044417 us-east-1 default\n",
    });
    expect(client.calls).toEqual([
      "acquire job exclusive ttl=15000 wait=30000",
      "release held job",
      "close",
    ]);
  });

  test("hands on its exit code, and the lock is released after a failure too", async () => {
    const { exitCode, client } = await exec("exit 3");
    expect(exitCode).toBe(3);
    expect(client.calls).toContain("release held job");
  });

  test("ended by a signal exits with 128 and its number", async () => {
    expect((await exec("kill -KILL $$")).exitCode).toBe(137);
  });

  test("a release that nobody answers is a remark, not the result", async () => {
    const client = new FakeClient();
    client.releaseResult = "unknown";
    const { exitCode, stderr } = await exec("exit 4", { client });
    expect(exitCode).toBe(4);
    expect(stderr).toBe("holdfast: nobody answers: job is free when its ttl of 15s ends\n");
  });

  test("a lock that proves lost at the release is a lost lock", async () => {
    const client = new FakeClient();
    client.releaseResult = "not-held";
    const { exitCode, stderr } = await exec("exit 4", { client });
    expect(exitCode).toBe(70);
    expect(stderr).toContain("job in us-east-1 was lost while the command ran");
  });
});

describe("a command that cannot run", () => {
  test.each([
    ["no-such-command-here", 127, "was not found"],
    ["./no/such/file", 127, "was not found"],
    ["/", 126, "is not executable"],
    ["/etc/passwd", 126, "is not executable"],
  ])("%s exits with %i, and nobody waits for it", async (command, exitCode, message) => {
    const ended = await runIn({ env }, ["exec", "job", "--", command]);
    expect(ended.exitCode).toBe(exitCode);
    expect(ended.stderr).toContain(message);
    expect(ended.client.calls).toEqual([]);
  });

  test("a script whose interpreter is missing exits with 127, and the lock is released", async () => {
    const path = join(directory, "script");
    await writeFile(path, "#!/no/such/interpreter\n", { mode: 0o755 });
    const { exitCode, client } = await runIn({ env }, ["exec", "job", "--", path]);
    expect(exitCode).toBe(127);
    expect(client.calls).toContain("release held job");
  });

  test("a busy lock exits with 75 and runs nothing", async () => {
    const client = new FakeClient();
    client.holders.set("job", [tenant()]);
    const { exitCode, out, stderr } = await exec("echo ran >$OUT", { client });
    expect({ exitCode, out }).toEqual({ exitCode: 75, out: "" });
    expect(stderr).toContain("held by alice@host");
  });
});

describe("signals", () => {
  test.each(["INT", "TERM", "HUP", "QUIT", "USR1", "USR2"] as const)(
    "SIG%s goes to the command, whose exit code counts",
    async (name) => {
      const script = `trap 'echo got >>$OUT; exit 9' ${name}; echo ready >$OUT; while :; do sleep 0.05; done`;
      const whenReady = (running: Running) => expect(running.raise(`SIG${name}`)).toBe(true);
      const { exitCode, out, client } = await exec(script, { whenReady });
      expect({ exitCode, out }).toEqual({ exitCode: 9, out: "ready\ngot\n" });
      expect(client.calls).toContain("release held job");
    },
  );

  test("what the command started gets them too", async () => {
    const script =
      "sh -c 'trap \"echo grandchild >>$OUT; exit\" TERM; sleep 3 & echo ready >$OUT; wait'; exit 7";
    const whenReady = (running: Running) => void running.raise("SIGTERM");
    const { exitCode, path } = await exec(script, { whenReady });
    expect(exitCode).toBe(143);
    await expect.poll(() => readFile(path, "utf8")).toBe("ready\ngrandchild\n");
  });

  test("one that comes while waiting ends the wait: the command never runs", async () => {
    const client = new FakeClient();
    let running: Running | undefined;
    client.acquireAnswer = ({ signal }) =>
      new Promise((resolve) => {
        signal?.addEventListener("abort", () => {
          resolve({ kind: "cancelled", holders: [], queueLength: 0 });
        });
        running?.raise("SIGUSR1");
        running?.raise("SIGTERM");
      });
    const { exitCode, stderr } = await runIn(
      { client, env },
      ["exec", "job", "--", "true"],
      (now) => {
        running = now;
      },
    );
    expect(exitCode).toBe(143);
    expect(stderr).toContain("no longer in line for job");
  });
});

describe("a lock that is lost", () => {
  const lose = (_running: Running, client: FakeClient) =>
    client.lost.abort(new Error("It was force-released."));

  test("before the command starts, it never runs", async () => {
    const client = new FakeClient();
    client.lost.abort(new Error("It was force-released."));
    const { exitCode, out } = await exec("echo ran >$OUT", { client });
    expect({ exitCode, out }).toEqual({ exitCode: 70, out: "" });
  });

  test("while the command runs, it gets SIGTERM, and we exit with 70 whatever it does", async () => {
    const script =
      "trap 'echo bye >>$OUT; exit 0' TERM; echo ready >$OUT; while :; do sleep 0.05; done";
    const { exitCode, out, stderr } = await exec(script, { whenReady: lose });
    expect({ exitCode, out }).toEqual({ exitCode: 70, out: "ready\nbye\n" });
    expect(stderr).toContain("holdfast: lost job in us-east-1; stopping the command\n");
    expect(stderr).toContain("holdfast: It was force-released.\n");
  });

  test("a command that ignores SIGTERM, or was stopped, is killed after 5 s with its children", async () => {
    const startedMs = performance.now();
    const script =
      "trap '' TERM; (trap '' TERM; while :; do echo alive >>$OUT; sleep 0.1; done) & " +
      "echo ready >$OUT; while :; do sleep 0.05; done";
    const { exitCode, out, path } = await exec(script, { whenReady: lose });
    const tookMs = performance.now() - startedMs;
    expect(exitCode).toBe(70);
    expect(tookMs).toBeGreaterThan(5_000);
    expect(tookMs).toBeLessThan(9_000);
    expect(out.split("\n").length).toBeGreaterThan(10);
    await pause(400);
    expect(await readFile(path, "utf8")).toBe(out);
  }, 20_000);
});
