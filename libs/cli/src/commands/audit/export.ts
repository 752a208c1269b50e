import type {
  Record as AuditRecord,
  ExportRequest,
  ExportResponse,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { compareBytes, utf8, utf8Text } from "@holdfast/base/bytes";
import { type Command, Option } from "commander";
import { CliError } from "../../cli-error.ts";
import { exitCodes } from "../../exit-codes.ts";
import type { Invocation } from "../../invocation.ts";
import { examplesHelp } from "../../output/help-text.ts";
import { renderJsonLine } from "../../output/json.ts";
import type { Wrap } from "../../wrap.ts";
import { Interruption } from "../interruption.ts";
import {
  type AuditOptions,
  addAuditEndpoint,
  addWindow,
  type WindowOptions,
  windowOf,
} from "./audit-options.ts";
import { noteNeverRecorded } from "./beyond.ts";
import { noteUnread } from "./unread.ts";

interface ExportOptions extends AuditOptions, WindowOptions {
  readonly chain?: string;
  readonly hotOnly?: boolean;
}

/** `holdfast audit export`. */
export function addExport(audit: Command, wrap: Wrap): void {
  const command = audit
    .command("export")
    .summary("write all records of a time as lines of JSON")
    .description(
      "Writes every record of a time to stdout, one line of JSON each, chain by chain: its place " +
        "and hashes, and the event as the very text that the hash covers (.line). What is older than " +
        "the hot store keeps is read in the archive. An export that does not end with 0 is not whole.",
    );
  addWindow(command, "24h")
    .addOption(new Option("--chain <name>", "only this chain"))
    .addOption(new Option("--hot-only", "the hot store alone, no object of the archive"));
  addAuditEndpoint(command)
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast audit export --from 2026-01-31 --to 2026-02-01 | gzip > january-31.ndjson.gz",
        "holdfast audit export --from 1h | jq -r '.line | fromjson | .kind' | sort | uniq -c",
        "holdfast audit export --from 90d | jq -r '.line | select(fromjson.lock == \"us-east-1/default/order:1\")'",
      ]),
    )
    .action(
      wrap<ExportOptions>(async (invocation, _words, options) => {
        const { chain: cluster = "", hotOnly = false } = options;
        const request = { ...windowOf(invocation, options), cluster, hotOnly };
        const { records, last } = await write(invocation, request, options.auditEndpoint);
        await invocation.hint(`${records} records\n`);
        await noteNeverRecorded(invocation, last.beyond);
        await noteUnread(invocation, last.unread);
        return last.unread.every(({ why }) => why === "hot-only")
          ? exitCodes.done
          : exitCodes.failed;
      }),
    );
}

async function write(
  invocation: Invocation,
  request: ExportRequest,
  endpoint: string | undefined,
): Promise<{ readonly records: number; readonly last: ExportResponse }> {
  const interruption = new Interruption(invocation.edge);
  let records = 0;
  try {
    const port = await invocation.connectAudit(endpoint);
    for await (const message of port.export(request, interruption.signal)) {
      if (message.done) return { records, last: message };
      await invocation.print(message.records.map((one) => renderJsonLine(jsonOf(one))).join(""));
      records += message.records.length;
    }
  } finally {
    interruption.end();
  }
  const message = `Stopped after ${records} records: the export is not whole.`;
  throw new CliError(interruption.exitCode ?? exitCodes.failed, message, { code: "CANCELLED" });
}

function jsonOf({ cluster, sequence, previousHash, hash, line }: AuditRecord) {
  const text = utf8Text(line);
  // A line that somebody broke is given as its bytes, for the hash covers them.
  const isText = compareBytes(utf8(text), line) === 0;
  return {
    cluster,
    sequence,
    previousHash: Buffer.from(previousHash).toString("hex"),
    hash: Buffer.from(hash).toString("hex"),
    ...(isText ? { line: text } : { lineBase64: Buffer.from(line).toString("base64") }),
  };
}
