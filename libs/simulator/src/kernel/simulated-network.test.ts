import { expect, test } from "vitest";
import { outsideOfJobs } from "./microtasks.ts";
import { cleanLink, SimulatedNetwork } from "./simulated-network.ts";
import { Simulation } from "./simulation.ts";

const delay = { minMs: 1, maxMs: 3 };

function arrivals(
  prepare: (network: SimulatedNetwork) => void,
  count: number,
): Promise<readonly number[]> {
  return outsideOfJobs(() => {
    const simulation = new Simulation({ seed: 3 });
    const network = new SimulatedNetwork(simulation, delay);
    const seen: number[] = [];
    prepare(network);
    for (let index = 0; index < count; index++) network.send("a", "b", () => seen.push(index));
    simulation.run(60_000);
    return seen;
  });
}

test("a clean network loses and doubles nothing", async () => {
  const seen = await arrivals(() => {}, 500);
  expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
});

test("losses, doubles and late messages happen at their rates", async () => {
  const lost = await arrivals(
    (network) => network.setFaults({ ...cleanLink, lossRate: 0.2 }),
    2_000,
  );
  expect(lost.length / 2_000).toBeCloseTo(0.8, 1);
  const doubled = await arrivals(
    (network) => network.setFaults({ ...cleanLink, duplicateRate: 0.1 }),
    2_000,
  );
  expect(doubled.length / 2_000).toBeCloseTo(1.1, 1);
  const late = await arrivals(
    (network) => network.setFaults({ ...cleanLink, lateRate: 0.05, lateMsMax: 5_000 }),
    2_000,
  );
  const overtaken = late.filter((index, place) => place > 0 && index < (late[place - 1] ?? 0));
  expect(overtaken.length).toBeGreaterThan(0);
});

test("a single message can be made to arrive twice", async () => {
  const times = await outsideOfJobs(() => {
    const simulation = new Simulation({ seed: 3 });
    const network = new SimulatedNetwork(simulation, { minMs: 1, maxMs: 1 });
    const seen: number[] = [];
    network.copyNext("a", "b", 5_000);
    network.send("a", "b", () => seen.push(simulation.nowMs));
    network.send("a", "b", () => seen.push(simulation.nowMs));
    simulation.run(10_000);
    return seen;
  });
  expect(times).toEqual([1, 1, 5_000]);
});

test("a slowed link is late by as much, one way only, until it is undone", async () => {
  const late = await outsideOfJobs(() => {
    const simulation = new Simulation({ seed: 3 });
    const network = new SimulatedNetwork(simulation, delay);
    const lines: string[] = [];
    const send = (from: string, to: string) =>
      network.send(from, to, () => {
        if (simulation.nowMs >= 500) lines.push(`${from}>${to}`);
      });
    network.slow("a", "b", 500);
    send("a", "b");
    send("b", "a");
    network.slow("a", "b", 0);
    send("a", "b");
    simulation.run(1_000);
    return lines;
  });
  expect(late).toEqual(["a>b"]);
});

test("a cut is one way only and ends when mended", async () => {
  const seen = await outsideOfJobs(() => {
    const simulation = new Simulation({ seed: 3 });
    const network = new SimulatedNetwork(simulation, delay);
    const lines: string[] = [];
    network.cut("a", "b");
    network.send("a", "b", () => lines.push("a>b while cut"));
    network.send("b", "a", () => lines.push("b>a while cut"));
    network.mend("a", "b");
    network.send("a", "b", () => lines.push("a>b mended"));
    simulation.run(1_000);
    return lines.sort();
  });
  expect(seen).toEqual(["a>b mended", "b>a while cut"]);
});
