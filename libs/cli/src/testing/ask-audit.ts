import type { FakeAudit } from "./fake-audit.ts";
import { runIn, type World } from "./fake-edge.ts";

/** An environment in which it is known who is asked about the record. */
export const auditEnv = {
  HOLDFAST_AUDIT_ENDPOINT: "localhost:7430",
  HOLDFAST_REGION: "us-east-1",
};

/** What is printed as these lines. */
export function lines(...all: string[]): string {
  return `${all.join("\n")}\n`;
}

/** Runs `holdfast audit ...`. */
export async function ask(audit: FakeAudit, argv: readonly string[], world: World = {}) {
  const env = { ...auditEnv, ...world.env };
  return runIn({ audit, ...world, env }, ["audit", ...argv]);
}
