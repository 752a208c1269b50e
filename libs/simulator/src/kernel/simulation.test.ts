import { sleep } from "@holdfast/base/clock";
import { expect, test } from "vitest";
import { outsideOfJobs } from "./microtasks.ts";
import { SimulatedProcess } from "./simulated-process.ts";
import { Simulation } from "./simulation.ts";

test("promise jobs of one event are done before the next event", async () => {
  const seen = await outsideOfJobs(() => {
    const simulation = new Simulation({ seed: 1 });
    const lines: string[] = [];
    const talk = async (name: string) => {
      for (let step = 0; step < 5; step++) {
        lines.push(`${name}${step}`);
        await null;
      }
    };
    simulation.after(1, () => void talk("a"));
    simulation.after(1, () => void talk("b"));
    simulation.run(10);
    return lines.join(" ");
  });
  expect(seen).toBe("a0 a1 a2 a3 a4 b0 b1 b2 b3 b4");
});

test("a simulation refuses to start inside a promise job, where it would stand still", async () => {
  await null;
  expect(() => new Simulation({ seed: 1 })).toThrow("outside of promise jobs");
});

test("time stands still while code runs and jumps between events", async () => {
  const times = await outsideOfJobs(() => {
    const simulation = new Simulation({ seed: 1 });
    const process = new SimulatedProcess(simulation, "p");
    const seen: number[] = [];
    const walk = async () => {
      for (let step = 0; step < 3; step++) {
        await sleep(process, 1_000);
        seen.push(Math.round(simulation.nowMs));
      }
    };
    void walk();
    expect(simulation.run(60_000)).toBe("idle");
    return seen;
  });
  expect(times).toEqual([1_000, 2_000, 3_000]);
});

test("the same seed gives the same trace, another seed another", async () => {
  const hashOf = (seed: number) =>
    outsideOfJobs(() => {
      const simulation = new Simulation({ seed });
      const random = simulation.random();
      const tick = () => {
        simulation.trace.record(simulation.nowMs, "tick", random.next());
        if (simulation.eventsRun < 50) simulation.after(random.next() * 10, tick);
      };
      simulation.after(0, tick);
      simulation.run(10_000);
      return simulation.trace.hash;
    });
  expect(await hashOf(1)).toBe(await hashOf(1));
  expect(await hashOf(1)).not.toBe(await hashOf(2));
});

test("the trace hash tells apart orders, numbers and word boundaries", async () => {
  const hashes = await outsideOfJobs(() =>
    [
      ["ab", "c"],
      ["a", "bc"],
      ["c", "ab"],
      [1, 2],
      [2, 1],
      [1, 2.000001],
    ].map((parts) => {
      const simulation = new Simulation({ seed: 1, keepTrace: true });
      simulation.trace.record(0, ...parts);
      return simulation.trace.hash;
    }),
  );
  expect(new Set(hashes).size).toBe(6);
});
