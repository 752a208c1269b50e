import type {
  Record as AuditRecord,
  TailRequest,
  TailResponse,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { eventKinds } from "@holdfast/core/audit/event-codec";
import { type Command, Option } from "commander";
import { usageError } from "../../cli-error.ts";
import { exitCodes } from "../../exit-codes.ts";
import { checkedName } from "../../input/lock-name.ts";
import { parseMoment, printMoment } from "../../input/moment.ts";
import { type Invocation, OutputClosedError } from "../../invocation.ts";
import { examplesHelp } from "../../output/help-text.ts";
import { shortGrant } from "../../output/short-grant.ts";
import { printable } from "../../output/table.ts";
import type { Wrap } from "../../wrap.ts";
import { Interruption } from "../interruption.ts";
import { type AuditOptions, addAuditEndpoint } from "./audit-options.ts";
import { howOf, jsonRecord, lineOf } from "./record-view.ts";

interface TailOptions extends AuditOptions {
  readonly from?: string;
  readonly after?: string;
  readonly kind?: readonly string[];
}

/** `holdfast audit tail [NAME]`: one line for each event as it is recorded, until Ctrl-C. */
export function addTail(audit: Command, wrap: Wrap): void {
  const command = audit
    .command("tail")
    .argument("[name]", "only a lock, or a prefix that ends in *, of the namespace")
    .summary("print a line for each event as it is recorded")
    .description(
      "Prints one line for each event of all regions as it is recorded, until Ctrl-C, and exits " +
        "with 0 then. Each shard's events come in its order. Without a name it has all namespaces.",
    )
    .addOption(new Option("--from <time>", "begin in the past: ago (2h), a time in UTC, or start"))
    .addOption(new Option("--after <cursor>", "go on behind an earlier tail: its last cursor"))
    .addOption(new Option("--kind <event...>", "only events with these names"));
  addAuditEndpoint(command)
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast audit tail",
        "holdfast audit tail 'order:*' --from 10m",
        "holdfast audit tail --kind LockExpired LockForceReleased",
        "holdfast audit tail -o json | jq --unbuffered -r .kind",
      ]),
    )
    .action(
      wrap<TailOptions>(async (invocation, [word], options) => {
        await follow(invocation, requestOf(invocation, word, options), options.auditEndpoint);
        return exitCodes.done;
      }),
    );
}

function requestOf(
  invocation: Invocation,
  word: string | undefined,
  { from, after = "", kind: kinds = [] }: TailOptions,
): TailRequest {
  const odd = kinds.find((kind) => !eventKinds.has(kind));
  if (odd !== undefined) {
    const known = [...eventKinds].sort().join(", ");
    throw usageError(`--kind ${JSON.stringify(odd)} is no event.`, `They are ${known}.`);
  }
  if (from !== undefined && after !== "") {
    throw usageError("--after says where to begin already; --from would say something else.");
  }
  const nowMs = invocation.edge.clock.wallMs();
  const fromMs = from === undefined ? undefined : BigInt(parseMoment(from, "--from", nowMs));
  const prefix = word?.endsWith("*") ?? false;
  const name = prefix ? (word ?? "").slice(0, -1) : word === undefined ? "" : checkedName(word);
  const namespace = word === undefined ? "" : invocation.namespace;
  return { fromMs, cursor: after, namespace, name, prefix, kinds: [...kinds] };
}

async function follow(
  invocation: Invocation,
  request: TailRequest,
  endpoint: string | undefined,
): Promise<void> {
  const { edge } = invocation;
  const interruption = new Interruption(edge);
  const closed = new AbortController();
  // A quiet record writes nothing, so without this a tail into a dead pipe would stay for ever.
  const forget = edge.onStdoutClosed(() => closed.abort());
  const signal = AbortSignal.any([interruption.signal, closed.signal]);
  let cursor = request.cursor;
  try {
    const port = await invocation.connectAudit(endpoint);
    await invocation.hint("following the record; Ctrl-C ends it\n");
    for await (const batch of port.tail(request, signal)) {
      await printBatch(invocation, batch);
      ({ cursor } = batch);
    }
  } catch (error) {
    if (!(error instanceof OutputClosedError) && !signal.aborted) throw error;
  } finally {
    forget();
    interruption.end();
    if (cursor !== "" && !closed.signal.aborted) {
      await invocation.hint(`go on with --after ${cursor}\n`);
    }
  }
}

async function printBatch(
  invocation: Invocation,
  { records, missing, cursor }: TailResponse,
): Promise<void> {
  const isJson = invocation.format === "json";
  for (const run of missing) {
    const { cluster, first, last } = run;
    if (isJson) await invocation.printJsonLine({ kind: "Missing", cluster, first, last });
    else await invocation.note(`records ${first} to ${last} of ${cluster} have not arrived\n`);
  }
  for (const [at, record] of records.entries()) {
    const isLast = at === records.length - 1;
    if (isJson) {
      await invocation.printJsonLine({ ...jsonRecord(record), ...(isLast && { cursor }) });
    } else await invocation.print(`${textOf(invocation, record)}\n`);
  }
}

function textOf(invocation: Invocation, record: AuditRecord): string {
  const line = lineOf(record);
  const { kind = "(unreadable)", region = "?", shard = "?", lock = "", owner = "" } = line;
  const words = [
    printMoment(Number(line.atMs ?? 0)),
    invocation.paint("bold", kind.padEnd(17)),
    `${region}/${shard}`,
    lock,
    line.mode ?? "",
    line.grantId === undefined ? "" : `grant=${shortGrant(line.grantId)}`,
    line.token === undefined ? "" : `token=${line.token}`,
    owner,
    howOf(line),
  ];
  const [time = "", event = "", ...rest] = words;
  return [time, event, ...rest.filter((word) => word !== "").map(printable)].join("  ");
}
