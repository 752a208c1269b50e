import { expect, test } from "vitest";
import { outsideOfJobs } from "./microtasks.ts";
import { type ClockSkew, exactClocks, SimulatedProcess } from "./simulated-process.ts";
import { Simulation } from "./simulation.ts";

function inWorld(body: (simulation: Simulation) => void): Promise<void> {
  return outsideOfJobs(() => body(new Simulation({ seed: 1 })));
}

test("a fast clock's timer fires early in true time, by its rate", () =>
  inWorld((simulation) => {
    const skew: ClockSkew = { rate: 1.005, monotonicStartMs: 77, wallStartMs: 1e12 };
    const process = new SimulatedProcess(simulation, "p", skew);
    let firedAtMs = 0;
    process.schedule(10_050, () => {
      firedAtMs = simulation.nowMs;
      expect(process.monotonicMs()).toBeGreaterThanOrEqual(77 + 10_050);
    });
    simulation.run(20_000);
    expect(firedAtMs).toBeCloseTo(10_000, 3);
  }));

test("a paused process gets no timer and no message until it is resumed, then all of them", () =>
  inWorld((simulation) => {
    const process = new SimulatedProcess(simulation, "p");
    const seen: string[] = [];
    process.schedule(100, () => seen.push(`timer ${Math.round(simulation.nowMs)}`));
    simulation.after(50, () => process.pause());
    simulation.after(120, () => process.deliver(() => seen.push("message 1")));
    simulation.after(130, () => process.deliver(() => seen.push("message 2")));
    simulation.after(499, () => expect(seen).toEqual([]));
    process.onResume(() => seen.push("resumed"));
    simulation.after(500, () => process.resume());
    simulation.run(1_000);
    expect(seen[0]).toBe("resumed");
    expect(seen.slice(1).sort()).toEqual(["message 1", "message 2", "timer 500"]);
    expect(seen.indexOf("message 1")).toBeLessThan(seen.indexOf("message 2"));
  }));

test("a pause is not seen by the monotonic clock, a suspend holds it back from the wall clock", () =>
  inWorld((simulation) => {
    const paused = new SimulatedProcess(simulation, "paused");
    const suspended = new SimulatedProcess(simulation, "suspended");
    simulation.after(1_000, () => {
      paused.pause();
      suspended.suspend();
    });
    simulation.after(6_000, () => {
      paused.resume();
      suspended.resume();
    });
    simulation.run(7_000);
    expect(paused.monotonicMs()).toBe(7_000);
    expect(suspended.monotonicMs()).toBe(2_000);
    expect(suspended.wallMs() - exactClocks.wallStartMs).toBe(7_000);
  }));

test("a timer set before a suspend still waits for its monotonic delay", () =>
  inWorld((simulation) => {
    const process = new SimulatedProcess(simulation, "p");
    let firedAtMs = 0;
    process.schedule(2_000, () => {
      firedAtMs = simulation.nowMs;
    });
    simulation.after(1_000, () => process.suspend());
    simulation.after(10_000, () => process.resume());
    simulation.run(60_000);
    expect(firedAtMs).toBeCloseTo(11_000, 3);
  }));

test("a crashed process never runs again", () =>
  inWorld((simulation) => {
    const process = new SimulatedProcess(simulation, "p");
    const seen: string[] = [];
    process.schedule(100, () => seen.push("timer"));
    simulation.after(50, () => process.crash());
    simulation.after(60, () => process.deliver(() => seen.push("message")));
    process.resume();
    simulation.run(1_000);
    expect(seen).toEqual([]);
  }));
