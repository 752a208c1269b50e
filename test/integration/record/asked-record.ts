import { execFile } from "node:child_process";
import { join } from "node:path";
import { type AuditServer, serveAudit } from "@holdfast/adapter-grpc/serve-audit";
import { SystemClock } from "@holdfast/base/clock";
import { LedgerDesk, type LedgerDeskOptions } from "@holdfast/engine/audit-desk/ledger-desk";
import type { Ledger } from "@holdfast/engine/ports/ledger";

const bin = join(import.meta.dirname, "../../..", "libs/cli/bin/holdfast.js");
const clock = new SystemClock();

/** How a command ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A ledger that people can ask, through its door and by the command line. */
export interface AskedRecord extends AsyncDisposable {
  readonly server: AuditServer;
  /** Runs `holdfast audit ...`; ended after 20 s whatever it does. */
  ask(...argv: readonly string[]): Promise<Ended>;
}

/** Opens the door of a record. */
export async function openRecord(
  ledger: Ledger,
  more: Pick<LedgerDeskOptions, "archive"> = {},
): Promise<AskedRecord> {
  const desk = new LedgerDesk({ ledger, clock, pollMs: 20, arrivalMs: 200, ...more });
  const server = await serveAudit({ listen: "127.0.0.1:0", desk, clock, reflection: true });
  if (server.kind !== "serving") throw new Error(server.message);
  return {
    server,
    ask: (...argv) => {
      const env = { ...process.env, HOLDFAST_AUDIT_ENDPOINT: server.address, NO_COLOR: "1" };
      const all = [bin, "audit", ...argv];
      return new Promise((resolve) => {
        execFile(process.execPath, all, { env, timeout: 20_000 }, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
          resolve({ code, stdout, stderr });
        });
      });
    },
    [Symbol.asyncDispose]: () => server.drain(0),
  };
}
