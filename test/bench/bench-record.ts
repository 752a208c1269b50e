import { cpus, loadavg } from "node:os";
import type { Figures } from "./figures.ts";
import type { Part } from "./parts.ts";

/** What a run came to. */
export interface BenchResult {
  readonly figures: Figures;
  readonly failed: readonly string[];
}

/** What a run came to so far: its figures, and what went wrong. */
export class BenchRecord {
  readonly figures: Figures = {};
  readonly failed: string[] = [];
  readonly report: (line: string) => void;

  constructor(report: (line: string) => void) {
    this.report = report;
  }

  /**
   * A part that fails leaves the others standing; its figures are null and the run not a success.
   */
  async attempt(parts: readonly Part[], title: string, work: () => Promise<Figures>) {
    this.report(title);
    try {
      Object.assign(this.figures, await work());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      for (const part of parts) this.fail(part, reason);
      this.report(`  failed: ${reason}`);
    }
  }

  fail(part: Part, reason: string): void {
    this.figures[`failed.${part}`] = reason;
    this.failed.push(`${part}: ${reason}`);
  }

  /** What is not measured here, and why. */
  skip(what: string, reason: string): void {
    this.figures[`skipped.${what}`] = reason;
    this.report(`  ${what} is skipped: ${reason}`);
  }

  /** What a reader must know of the machine to make anything of the figures. */
  describeMachine(versions: Readonly<Record<string, string>>): void {
    this.figures["machine.cpus"] = cpus().length;
    this.figures["machine.cpu_model"] = cpus()[0]?.model ?? "unknown";
    this.figures["machine.load_15m"] = loadavg()[2] ?? null;
    this.figures["machine.node"] = process.version;
    for (const [server, version] of Object.entries(versions)) {
      this.figures[`machine.${server}`] = version;
    }
  }
}
