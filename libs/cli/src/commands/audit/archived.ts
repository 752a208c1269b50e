import type { ArchivedObject } from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import {
  defaultLifecycle,
  type StorageClass,
  storageClassAt,
} from "@holdfast/core/audit/archive-lifecycle";
import { type Command, Option } from "commander";
import { exitCodes } from "../../exit-codes.ts";
import { parseInteger } from "../../input/integer.ts";
import { isoMoment, parseMoment, printMoment } from "../../input/moment.ts";
import type { Invocation } from "../../invocation.ts";
import { examplesHelp } from "../../output/help-text.ts";
import type { Wrap } from "../../wrap.ts";
import { type AuditOptions, addAuditEndpoint, limitBounds, pageRows } from "./audit-options.ts";
import { jsonObject } from "./beyond.ts";

interface ArchivedOptions extends AuditOptions {
  readonly from?: string;
  readonly to?: string;
  readonly chain?: string;
  readonly limit: string;
  readonly after?: string;
}

/** `holdfast audit archived`. */
export function addArchived(audit: Command, wrap: Wrap): void {
  const command = audit
    .command("archived")
    .summary("which objects hold what is older, and how to restore them")
    .description(
      "Lists the objects of the archive, one a shard and day, and says how to get at them. What is " +
        "older than the hot store keeps is there alone.",
    )
    .addOption(new Option("--from <time>", "of this day on: ago (30d), or a day (2026-01-31)"))
    .addOption(new Option("--to <time>", "up to this day"))
    .addOption(new Option("--chain <name>", "only of this chain"))
    .addOption(new Option("--limit <n>", "at most so many").default("1000"))
    .addOption(new Option("--after <token>", "go on where an earlier answer ended"));
  addAuditEndpoint(command)
    .addHelpText(
      "after",
      examplesHelp([
        "holdfast audit archived",
        "holdfast audit archived --from 2026-01-01 --to 2026-01-31",
        "holdfast audit archived -o json | jq -r '.objects[] | \"s3://\\(.bucket)/\\(.key)\"'",
      ]),
    )
    .action(
      wrap<ArchivedOptions>(async (invocation, _words, options) => {
        const limit = parseInteger(options.limit, "--limit", limitBounds);
        const nowMs = invocation.edge.clock.wallMs();
        const day = (text: string | undefined, option: string) =>
          text === undefined ? "" : isoMoment(parseMoment(text, option, nowMs)).slice(0, 10);
        const asked = {
          fromDay: day(options.from, "--from"),
          toDay: day(options.to, "--to"),
          cluster: options.chain ?? "",
        };
        const port = await invocation.connectAudit(options.auditEndpoint);
        const objects: ArchivedObject[] = [];
        let pageToken = options.after ?? "";
        let hotFromMs = 0n;
        do {
          const pageSize = Math.min(pageRows, limit - objects.length);
          const page = await port.archived({ ...asked, pageSize, pageToken });
          objects.push(...page.objects);
          ({ nextPageToken: pageToken, hotFromMs } = page);
        } while (pageToken !== "" && objects.length < limit);
        const found = { objects, hotFromMs: Number(hotFromMs), next: pageToken, nowMs };
        if (invocation.format === "json") await invocation.printJson(jsonOf(found));
        else await printObjects(invocation, found);
        return exitCodes.done;
      }),
    );
}

interface Found {
  readonly objects: readonly ArchivedObject[];
  readonly hotFromMs: number;
  readonly next: string;
  readonly nowMs: number;
}

function jsonOf({ objects, hotFromMs, next, nowMs }: Found) {
  return {
    ...(hotFromMs === 0 ? {} : { hotFrom: isoMoment(hotFromMs) }),
    objects: objects.map((object) => {
      const storage = storageOf(object, nowMs);
      const restore = restoring(object, storage);
      return { ...jsonObject(object), storage: storageNames[storage], restore };
    }),
    ...(next === "" ? {} : { next }),
  };
}

const dayMs = 86_400_000;

/** Where the lifecycle that buckets are given puts an object of that age. */
function storageOf({ archivedAtMs }: ArchivedObject, nowMs: number): StorageClass {
  return storageClassAt(defaultLifecycle, (nowMs - Number(archivedAtMs)) / dayMs);
}

/** What people and JSON are told of it. */
const storageNames: Readonly<Record<StorageClass, string>> = {
  STANDARD: "standard",
  GLACIER: "glacier",
  DEEP_ARCHIVE: "deep-archive",
};

/** The commands that get at an object, the slow one first. */
function restoring({ bucket, key }: ArchivedObject, storage: StorageClass): string[] {
  const at = `--bucket ${quoted(bucket)} --key ${quoted(key)}`;
  const tier = "Days=7,GlacierJobParameters={Tier=Standard}";
  const read = `aws s3 cp ${quoted(`s3://${bucket}/${key}`)} - | gunzip`;
  if (storage === "STANDARD") return [read];
  return [`aws s3api restore-object ${at} --restore-request '${tier}'`, read];
}

/** For a shell, where it needs it. */
function quoted(word: string): string {
  return /^[A-Za-z0-9_./:=@-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

async function printObjects(invocation: Invocation, found: Found): Promise<void> {
  const { objects, hotFromMs, next, nowMs } = found;
  if (hotFromMs > 0) {
    await invocation.note(`The hot store has everything from ${printMoment(hotFromMs)} UTC on.\n`);
  }
  if (objects.length === 0) {
    await invocation.note("Nothing was archived of that time.\n");
    return;
  }
  await invocation.printTable(
    [
      { title: "DAY" },
      { title: "CHAIN" },
      { title: "PART", align: "right" },
      { title: "RECORDS", align: "right" },
      { title: "NUMBERS" },
      { title: "BYTES", align: "right" },
      { title: "STORAGE" },
      { title: "OBJECT", flexible: true },
    ],
    objects.map((object) => [
      object.day,
      object.cluster,
      `${object.part}`,
      object.rows.toString(),
      `${object.firstSequence}-${object.lastSequence}`,
      object.bytes.toString(),
      storageNames[storageOf(object, nowMs)],
      `s3://${object.bucket}/${object.key}`,
    ]),
  );
  if (next !== "") {
    await invocation.note(`There are more: raise --limit, or go on with --after ${next}\n`);
  }
  await invocation.note(restoreHelp(objects, nowMs));
}

/** How long a restore takes, by where the object is. */
const waits: Readonly<Record<StorageClass, string>> = {
  STANDARD: "",
  GLACIER: fromDay("Glacier", defaultLifecycle.glacierDays, "3 to 5"),
  DEEP_ARCHIVE: fromDay("Deep Archive", defaultLifecycle.deepArchiveDays, "up to 12"),
};

function fromDay(where: string, day: number, hours: string): string {
  return `${where}, from day ${day} on: order it back, wait ${hours} hours, and read it`;
}

/** One example for each storage that is there. */
function restoreHelp(objects: readonly ArchivedObject[], nowMs: number): string {
  const lines = ["\nEach is gzip with one record a line. To read one:"];
  for (const storage of ["STANDARD", "GLACIER", "DEEP_ARCHIVE"] as const) {
    const object = objects.find((each) => storageOf(each, nowMs) === storage);
    if (object === undefined) continue;
    if (waits[storage] !== "") lines.push(`${waits[storage]}:`);
    lines.push(...restoring(object, storage).map((command) => `  ${command}`));
  }
  const day = objects[0]?.day ?? "";
  lines.push("All that can be read, with the hashes of each record, and verified as it is read:");
  lines.push(`  holdfast audit export --from ${day}`);
  return `${lines.join("\n")}\n`;
}
