import { type AuditStage, rowsReach } from "./audit-stage.ts";

/** How the pipeline stands while acquires are timed, but for `off`. */
export type Phase = "on" | "kafka_down";

/** What a phase is made of. */
export interface PhaseStage {
  readonly broker: Pick<AuditStage["broker"], "kill" | "bringBack">;
  readonly pipeline: Pick<AuditStage["pipeline"], "start" | "stop">;
  readonly ledger: Pick<AuditStage["ledger"], "rowCount">;
}

/**
 * Brings the pipeline there, whatever it was. It starts with a broker, and works off what came
 * without it, before that is killed. `rows`: how many events the ledger has once it has them all.
 */
export async function enter(phase: Phase | "off", stage: PhaseStage, rows: number): Promise<void> {
  const { broker, pipeline } = stage;
  if (phase === "off") {
    await pipeline.stop();
    return;
  }
  await broker.bringBack();
  await pipeline.start();
  // A backlog is worked off with all the processors there are.
  await rowsReach(stage, rows);
  if (phase === "kafka_down") await broker.kill();
}
