import type {
  ChainHead,
  Verdict,
  VerifyRequest,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { type Command, Option } from "commander";
import { CliError } from "../../cli-error.ts";
import { exitCodes } from "../../exit-codes.ts";
import type { Invocation } from "../../invocation.ts";
import { examplesHelp } from "../../output/help-text.ts";
import { printable } from "../../output/table.ts";
import type { Wrap } from "../../wrap.ts";
import { Interruption } from "../interruption.ts";
import { type AuditOptions, addAuditEndpoint } from "./audit-options.ts";
import { parseHead, printHead } from "./chain-head.ts";
import { jsonUnread, noteUnread } from "./unread.ts";
import { askWritten, noteUnasked } from "./written-heads.ts";

interface VerifyOptions extends AuditOptions {
  readonly chain?: string;
  readonly head?: readonly string[];
  readonly hotOnly?: boolean;
}

/** Carriage return, then erase to the end of the line. */
const eraseLine = "\r\u001b[K";

/** `holdfast audit verify`. */
export function addVerify(audit: Command, wrap: Wrap): void {
  const command = audit
    .command("verify")
    .summary("check that every record is as it was written")
    .description(
      "Reads the hash chains, one a shard, in the hot store and in the archive, and names the first " +
        "record of each that was deleted, edited, inserted, moved, forked, written anew or cut off; " +
        "exits with 1 then. A chain is intact only if all of it was read: objects in Glacier are " +
        "told, and are no damage. Routers tell how far the journals wrote: a ledger that ends before " +
        "is behind, or its end was cut off; exits with 75 then. Who can write to the stores can also " +
        "write all of a chain anew: keep the heads that this prints somewhere else, and give them " +
        "back with --head.",
    )
    .addOption(new Option("--chain <name>", "only this chain"))
    .addOption(
      new Option("--head <chain@number:hash...>", "a head that an earlier verification printed"),
    )
    .addOption(new Option("--hot-only", "the hot store alone, no object of the archive"));
  addAuditEndpoint(command)
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast audit verify",
        "holdfast audit verify -o json > heads.json",
        "holdfast audit verify --head $(jq -r '.chains[].head' heads.json)",
      ]),
    )
    .action(
      wrap<VerifyOptions>(async (invocation, _words, options) => {
        const trusted = (options.head ?? []).map(parseHead);
        const hotOnly = options.hotOnly === true;
        const { heads, unasked } = await askWritten(invocation);
        const cluster = options.chain ?? "";
        const request = { cluster, trusted, hotOnly, written: [...heads] };
        const verdicts = await verify(invocation, request, options.auditEndpoint);
        if (invocation.format === "json") {
          await invocation.printJson({
            intact: verdicts.every(isIntact),
            damaged: verdicts.some(isDamaged),
            journalsNotAsked: unasked,
            chains: verdicts.map(json),
          });
        } else {
          await printVerdicts(invocation, verdicts);
          await noteUnasked(invocation, unasked);
        }
        return exitCode(verdicts);
      }),
    );
}

async function verify(
  invocation: Invocation,
  request: VerifyRequest,
  endpoint: string | undefined,
): Promise<Verdict[]> {
  const interruption = new Interruption(invocation.edge);
  const verdicts: Verdict[] = [];
  let isDone = false;
  let hasHinted = false;
  try {
    const port = await invocation.connectAudit(endpoint);
    for await (const progress of port.verify(request, interruption.signal)) {
      isDone = progress.done;
      if (progress.verdict !== undefined) verdicts.push(progress.verdict);
      const { cluster, records } = progress;
      if (isDone) break;
      await invocation.hint(`${eraseLine}${printable(cluster)}: ${records} records read`);
      hasHinted = true;
    }
  } finally {
    if (hasHinted) await invocation.hint(eraseLine);
    interruption.end();
  }
  if (isDone) return verdicts;
  const message = `Stopped after ${verdicts.length} chains: the rest was not verified.`;
  throw new CliError(interruption.exitCode ?? exitCodes.failed, message, { code: "CANCELLED" });
}

function isDamaged({ damage }: Verdict): boolean {
  return damage !== undefined;
}

/** All of it was read, and nothing is wrong. */
function isIntact({ damage, archived, unread, written }: Verdict): boolean {
  return damage === undefined && archived.length === 0 && unread.length === 0 && written === 0n;
}

function exitCode(verdicts: readonly Verdict[]): number {
  if (verdicts.some(isDamaged)) return exitCodes.failed;
  const isSilent = verdicts.some(({ unread }) => unread.some(({ why }) => why === "unavailable"));
  if (isSilent) return exitCodes.unavailable;
  return verdicts.some(({ written }) => written > 0n) ? exitCodes.busy : exitCodes.done;
}

function json(verdict: Verdict) {
  const { head, damage, records, anchored, unknown, archived, forgotten } = verdict;
  const { objects, unread, written } = verdict;
  return {
    chain: head?.cluster ?? "",
    intact: isIntact(verdict),
    damaged: isDamaged(verdict),
    records,
    head: printHead(head),
    anchored,
    ...(damage === undefined ? {} : { damage }),
    unknown,
    archive: {
      objects,
      unread: jsonUnread(unread),
      recordsNotRead: archived.map(({ first, last }) => ({ first, last })),
    },
    ...(forgotten === 0n ? {} : { forgotten: { first: 1n, last: forgotten } }),
    ...(written === 0n ? {} : { journalWroteTo: written }),
  };
}

async function printVerdicts(invocation: Invocation, verdicts: readonly Verdict[]): Promise<void> {
  if (verdicts.length === 0) {
    await invocation.note("The record is empty.\n");
    return;
  }
  await invocation.printTable(
    [
      { title: "CHAIN" },
      { title: "STATE" },
      { title: "RECORDS", align: "right" },
      { title: "OBJECTS", align: "right" },
      { title: "ANCHORED", align: "right" },
      { title: "HEAD", flexible: true },
    ],
    verdicts.map((verdict) => [
      verdict.head?.cluster ?? "",
      stateOf(verdict),
      verdict.records.toString(),
      verdict.objects.toString(),
      verdict.anchored === 0n ? "-" : `to ${verdict.anchored}`,
      printHead(verdict.head),
    ]),
  );
  for (const { damage, head, unknown, archived, forgotten, unread, written } of verdicts) {
    if (damage !== undefined) {
      await invocation.note(
        `${invocation.paint("red", "damaged:")} ${printable(damage.message)}\n`,
      );
    }
    const chain = printable(head?.cluster ?? "");
    for (const { first, last } of archived) {
      await invocation.note(
        `${chain}: records ${first} to ${last} are in the archive alone, and were not read.\n`,
      );
    }
    await noteUnread(invocation, unread);
    if (forgotten > 0n) {
      await invocation.note(`${chain}: records 1 to ${forgotten} are forgotten.\n`);
    }
    if (written > 0n) await invocation.note(`${chain}: ${behind(written, head)}\n`);
    if (unknown > 0n) {
      await invocation.note(
        `${chain}: ${unknown} records are parked or of a newer version; only their chain was checked.\n`,
      );
    }
  }
}

function stateOf(verdict: Verdict): string {
  if (verdict.damage !== undefined) return verdict.damage.kind;
  if (verdict.written > 0n) return "behind";
  return isIntact(verdict) ? "intact" : "not all read";
}

function behind(written: bigint, head: ChainHead | undefined): string {
  if ((head?.sequence ?? 0n) === 0n) {
    return (
      `the journal wrote records up to ${written}, and the ledger has nothing of this chain: none ` +
      "has arrived, all were removed, or the routers that were asked (--endpoints) belong to " +
      "another installation than the auditor (--audit-endpoint)."
    );
  }
  return (
    `the journal wrote records up to ${written}, and the ledger does not have them: they have not ` +
    "arrived, or its end was cut off. Ask again; the second is sure once newer records are there."
  );
}
