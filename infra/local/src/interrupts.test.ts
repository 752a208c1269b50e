import { afterEach, expect, test } from "vitest";
import { Interrupts } from "./interrupts.ts";

let interrupts: Interrupts;
afterEach(() => interrupts[Symbol.dispose]());

function start(): { forced: () => number; advance: (ms: number) => void } {
  let forced = 0;
  let atMs = 10_000;
  interrupts = new Interrupts(
    () => forced++,
    () => atMs,
  );
  return {
    forced: () => forced,
    advance: (ms) => {
      atMs += ms;
    },
  };
}

test("one Ctrl-C that comes three times, by the terminal, npm and the bootstrap, is one", async () => {
  const { forced, advance } = start();
  expect(interrupts.interrupted).toBe(false);
  process.emit("SIGINT");
  advance(200);
  process.emit("SIGINT");
  advance(199);
  process.emit("SIGTERM");
  expect(interrupts.interrupted).toBe(true);
  await interrupts.asked;
  expect(forced()).toBe(0);
});

test("a second Ctrl-C means at once", () => {
  const { forced, advance } = start();
  process.emit("SIGINT");
  advance(400);
  process.emit("SIGINT");
  expect(forced()).toBe(1);
});

test("a closed terminal asks for a stop as well", () => {
  start();
  process.emit("SIGHUP");
  expect(interrupts.interrupted).toBe(true);
});
