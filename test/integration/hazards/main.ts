import { parseArgs } from "node:util";
import { sabotage } from "../../sabotage/sabotage.ts";

/**
 * Plays one scenario in a process of its own, so that a guard can be taken out:
 * `node test/integration/hazards/main.ts --url http://127.0.0.1:2379 --hazard 1 --scenario 0 [--guard 0]`.
 * Exits with 1 and the reason when the scenario fails.
 */
const { values } = parseArgs({
  options: {
    url: { type: "string" },
    hazard: { type: "string" },
    scenario: { type: "string" },
    edit: { type: "string" },
  },
});
if (values.edit !== undefined) sabotage([JSON.parse(values.edit)]);
// Only now: what is imported from here on is the sabotaged build.
const { hazards } = await import("./hazards.ts");
const hazard = hazards.find(({ number }) => number === Number(values.hazard));
const scenario = hazard?.scenarios[Number(values.scenario)];
if (scenario === undefined || values.url === undefined) throw new Error("no such scenario");
await scenario.run(values.url);
