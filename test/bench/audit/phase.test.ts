import { expect, test } from "vitest";
import { enter, type Phase } from "./phase.ts";

/** A pipeline that is ready only where there is a broker, and works off all at once. */
class FakeStage {
  isBrokerUp = true;
  isRunning = false;
  rows = 0;
  due = 0;
  readonly broker = {
    kill: async () => {
      this.isBrokerUp = false;
    },
    bringBack: async () => {
      this.isBrokerUp = true;
    },
  };
  readonly pipeline = {
    start: async () => {
      expect(this.isBrokerUp).toBe(true);
      this.isRunning = true;
      this.rows = this.due;
    },
    stop: async () => {
      this.isRunning = false;
    },
  };
  readonly ledger = { rowCount: async () => this.rows };
}

const states = {
  off: { isRunning: false },
  on: { isRunning: true, isBrokerUp: true },
  kafka_down: { isRunning: true, isBrokerUp: false },
} as const;

test.each<[string, readonly (Phase | "off")[]]>([
  ["with the broker", ["off", "on", "on", "off", "off", "on"]],
  ["without it", ["off", "kafka_down", "kafka_down", "off", "off", "kafka_down", "off"]],
  ["by turns", ["kafka_down", "on", "kafka_down", "off", "on"]],
])("each phase is what it says, whatever came before: %s", async (_, phases) => {
  const stage = new FakeStage();
  for (const phase of phases) {
    stage.due += 10;
    await enter(phase, stage, stage.due);
    expect(stage).toMatchObject(states[phase]);
    if (phase !== "off") expect(stage.rows).toBe(stage.due);
  }
});
