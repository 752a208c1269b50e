import { Holdfast, type Lock, LockLostError } from "@holdfast/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { whyNoEtcd } from "./environment.ts";
import { HandStartedRouter } from "./hand-started-router.ts";
import { Platform } from "./platform.ts";

const noEtcd = await whyNoEtcd();
const ttlMs = 20_000;

describe.skipIf(noEtcd !== undefined)("the SDK against a running platform", () => {
  let platform: Platform;
  beforeAll(async () => {
    platform = await Platform.start("--regions us-east-1,eu-west-1");
  });
  afterAll(() => platform[Symbol.asyncDispose]());

  /** A client of some routers of the first region; of the one of `npm start` if absent. */
  const connect = (...routers: HandStartedRouter[]): Promise<Holdfast> => {
    const endpoints = routers.map(({ endpoint }) => endpoint);
    return Holdfast.connect({
      endpoints: endpoints.length > 0 ? endpoints : [platform.endpoint()],
      region: "us-east-1",
      ttl: ttlMs,
    });
  };

  it("releases at the end of the block, whichever way it is left", async () => {
    await using holdfast = await connect();
    const body = async () => {
      await using lock = await holdfast.acquire("order:1", { wait: 0 });
      expect(lock.state).toBe("held");
      expect((await holdfast.get("order:1")).holders).toMatchObject([{ token: lock.token }]);
      throw new Error("the body's own");
    };
    await expect(body()).rejects.toThrow("the body's own");
    expect((await holdfast.get("order:1")).holders).toEqual([]);
  });

  it("runs a body under a lock, with a signal that a release does not abort", async () => {
    await using holdfast = await connect();
    const seen = await holdfast.withLock("order:2", {}, async ({ signal, token, lock }) => {
      expect(await holdfast.tryAcquire("order:2")).toMatchObject({ granted: false });
      expect(lock.token).toBe(token);
      return signal;
    });
    expect(seen.aborted).toBe(false);
    expect(await holdfast.tryAcquire("order:2")).toMatchObject({ granted: true });
  });

  it("serves clients that contend in the order they came, with rising tokens", async () => {
    await using one = await connect();
    await using other = await connect();
    const held = await one.acquire("order:3");
    const order: string[] = [];
    const tokens = [held.token];
    const waiters: Promise<void>[] = [];
    for (let index = 0; index < 6; index++) {
      const client = index % 2 === 0 ? other : one;
      const inLine = Promise.withResolvers<void>();
      const onPosition = () => inLine.resolve();
      const granted = client.acquire("order:3", { wait: "1m", onPosition }).then(async (lock) => {
        order.push(`waiter ${index}`);
        tokens.push(lock.token);
        await lock.release();
      });
      waiters.push(granted);
      await inLine.promise;
    }
    await held.release();
    await Promise.all(waiters);
    expect(order).toEqual([0, 1, 2, 3, 4, 5].map((index) => `waiter ${index}`));
    expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)));
    expect(new Set(tokens).size).toBe(7);
  });

  it("keeps its session and locks when its router is killed", async () => {
    const [first, second] = await twoRouters();
    await using holdfast = await connect(first, second);
    await second.start();
    const lock = await holdfast.acquire("order:4");
    const states = statesOf(lock);
    first.kill("SIGKILL");
    const killedMs = performance.now();
    await first.ended();
    // A call cannot be answered but by the other router.
    expect((await holdfast.get("order:4")).holders).toMatchObject([{ token: lock.token }]);
    await keptAliveSince(lock, killedMs);
    expect(lock.state).toBe("held");
    expect(states).not.toContain("lost");
    expect(await lock.release()).toBe("released");
    await second[Symbol.asyncDispose]();
  });

  it("moves on from a router that drains, which ends with 0", async () => {
    const [first, second] = await twoRouters();
    await using holdfast = await connect(first, second);
    await second.start();
    const lock = await holdfast.acquire("order:5");
    const states = statesOf(lock);
    first.kill("SIGTERM");
    expect(await first.ended()).toBe(0);
    const endedMs = performance.now();
    expect(await holdfast.tryAcquire("order:5")).toMatchObject({ granted: false });
    await keptAliveSince(lock, endedMs);
    expect([lock.state, ...states]).not.toContain("lost");
    expect(await lock.release()).toBe("released");
    await second[Symbol.asyncDispose]();
  });

  it("keeps its place in line when its router is killed", async () => {
    const [first, second] = await twoRouters();
    await using holder = await connect();
    await using client = await connect(first, second);
    await using rival = await connect();
    await second.start();
    const held = await holder.acquire("order:6");
    const waiting = client.acquire("order:6", { wait: "1m" });
    const inLine = async () => (await holder.get("order:6")).waiters.length;
    await expect.poll(inLine, { timeout: 10_000 }).toBe(1);
    const later = rival.acquire("order:6", { wait: "1m" });
    await expect.poll(inLine, { timeout: 10_000 }).toBe(2);
    first.kill("SIGKILL");
    await first.ended();
    await held.release();
    const granted = await waiting;
    expect(granted.token).toBeGreaterThan(held.token);
    await granted.release();
    expect((await later).token).toBeGreaterThan(granted.token);
    await second[Symbol.asyncDispose]();
  });

  it("aborts the signal before another can have the lock, when no heartbeat is answered", async () => {
    const [only] = await twoRouters();
    await using cutOff = await connect(only);
    await using rival = await connect();
    const lock = await cutOff.acquire("order:7", { ttl: "5s" });
    let abortedMs = 0;
    const states = statesOf(lock);
    lock.signal.addEventListener("abort", () => {
      abortedMs = performance.now();
    });
    only.kill("SIGSTOP");
    const stoppedMs = performance.now();
    const next = await rival.acquire("order:7", { wait: "30s" });
    const grantedMs = performance.now();
    expect(lock.signal.reason).toBeInstanceOf(LockLostError);
    expect(states).toEqual(["jeopardy", "lost"]);
    expect(abortedMs - stoppedMs).toBeLessThan(5_000);
    expect(abortedMs).toBeLessThan(grantedMs);
    expect(next.token).toBeGreaterThan(lock.token);
    expect(() => lock.assertHeld()).toThrow(LockLostError);
    only.kill("SIGCONT");
    await only[Symbol.asyncDispose]();
  });

  /** The first is started and the second not yet: a client of both then begins with the first. */
  async function twoRouters(): Promise<[HandStartedRouter, HandStartedRouter]> {
    const [first, second] = await HandStartedRouter.several(platform, 2);
    if (first === undefined || second === undefined) throw new Error("two were asked for");
    return [await first.start(), second];
  }
});

/** Waits for a deadline that no heartbeat sent before `momentMs` can have given. */
async function keptAliveSince(lock: Lock, momentMs: number): Promise<void> {
  const deadlineMs = () => performance.now() + lock.validForMs;
  await expect.poll(deadlineMs, { timeout: ttlMs }).toBeGreaterThan(momentMs + ttlMs);
}

function statesOf(lock: Lock): string[] {
  const states: string[] = [];
  lock.onStateChange(({ state }) => states.push(state));
  return states;
}
