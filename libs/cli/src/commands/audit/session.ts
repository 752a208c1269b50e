import { sessionReference } from "@holdfast/core/audit/session-reference";
import type { Command } from "commander";
import { usageError } from "../../cli-error.ts";
import { exitCodes } from "../../exit-codes.ts";
import { parseInteger } from "../../input/integer.ts";
import { examplesHelp } from "../../output/help-text.ts";
import type { Wrap } from "../../wrap.ts";
import { type AuditOptions, addAuditEndpoint, addPaging, limitBounds } from "./audit-options.ts";
import { printPages, readPages } from "./record-pages.ts";

interface SessionOptions extends AuditOptions {
  readonly id?: boolean;
  readonly limit: string;
  readonly after?: string;
}

const referencePattern = /^[A-Za-z0-9_-]{22}$/;

/** `holdfast audit session REFERENCE`. */
export function addSession(audit: Command, wrap: Wrap): void {
  const command = audit
    .command("session")
    .argument("<reference>", "the session, as events name it")
    .summary("everything that a session did, oldest first")
    .description(
      "Prints everything that a session did. The record has a session's reference and never its " +
        "id, for who knows the id owns the session; with --id the reference is made of it here.",
    )
    .option("--id", "the word is the session's id");
  addPaging(command);
  addAuditEndpoint(command)
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast audit session 3bW0cKk5Jm2rQx9sT7uVyA",
        "holdfast audit session --id $SESSION -o json",
      ]),
    )
    .action(
      wrap<SessionOptions>(async (invocation, [word = ""], options) => {
        if (!referencePattern.test(word)) {
          throw usageError(
            `${JSON.stringify(word.slice(0, 80))} is no session: it is 22 letters, digits, _ and -.`,
            "Take the session of an event, as holdfast audit timeline LOCK -o json has it.",
          );
        }
        const limit = parseInteger(options.limit, "--limit", limitBounds);
        const session = options.id === true ? sessionReference(word) : word;
        const port = await invocation.connectAudit(options.auditEndpoint);
        const pages = await readPages(limit, options.after ?? "", (page) =>
          port.session({ session, ...page }),
        );
        const nothing = "Nothing is recorded of that session. Is it its id? Then add --id.";
        await printPages(invocation, pages, { session }, nothing);
        return exitCodes.done;
      }),
    );
}
