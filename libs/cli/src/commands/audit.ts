import type { Command } from "commander";
import { examplesHelp } from "../output/help-text.ts";
import type { Wrap } from "../wrap.ts";
import { addArchived } from "./audit/archived.ts";
import { addAt } from "./audit/at.ts";
import { addContended } from "./audit/contended.ts";
import { addExport } from "./audit/export.ts";
import { addSession } from "./audit/session.ts";
import { addTail } from "./audit/tail.ts";
import { addTimeline } from "./audit/timeline.ts";
import { addVerify } from "./audit/verify.ts";

/** `holdfast audit ...`: what the record says. */
export function addAudit(program: Command, wrap: Wrap): void {
  const audit = program
    .command("audit")
    .helpCommand(false)
    .summary("ask the record: who held what, when, by whose word")
    .description(
      "Asks the record of everything that happened to locks. It is written behind the locks, from " +
        "the stores' own history, about a second late; its times are exact to a second, in UTC.",
    )
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast audit at order:12345 2h               (who held it two hours ago)",
        "holdfast audit timeline order:12345 --from 1d",
        "holdfast audit tail 'order:*'",
        "holdfast audit verify",
      ]),
    );
  for (const add of [
    addTail,
    addTimeline,
    addAt,
    addSession,
    addContended,
    addVerify,
    addExport,
    addArchived,
  ]) {
    add(audit, wrap);
  }
}
