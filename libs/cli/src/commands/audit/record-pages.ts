import type {
  Record as AuditRecord,
  Beyond,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import type { Invocation } from "../../invocation.ts";
import { pageRows } from "./audit-options.ts";
import { jsonBeyond, noteBeyond } from "./beyond.ts";
import { CopiesOnce, jsonRecord, recordCells, recordColumns } from "./record-view.ts";

/** A page as the API gives it, or several of them read one after the other. */
interface Pages {
  readonly records: readonly AuditRecord[];
  readonly nextPageToken: string;
  readonly beyond: Beyond | undefined;
}

/** Reads page after page, up to `limit` records. */
export async function readPages(
  limit: number,
  after: string,
  ask: (page: { readonly pageSize: number; readonly pageToken: string }) => Promise<Pages>,
): Promise<Pages> {
  const records: AuditRecord[] = [];
  let pageToken = after;
  let beyond: Beyond | undefined;
  do {
    const page = await ask({ pageSize: Math.min(pageRows, limit - records.length), pageToken });
    records.push(...page.records);
    beyond = page.beyond;
    pageToken = page.nextPageToken;
  } while (pageToken !== "" && records.length < limit);
  return { records, nextPageToken: pageToken, beyond };
}

/** Prints what was read. `about`: what JSON says beside it. `nothing`: what people are told. */
export async function printPages(
  invocation: Invocation,
  { records, nextPageToken, beyond }: Pages,
  about: Record<string, unknown>,
  nothing: string,
): Promise<void> {
  if (invocation.format === "json") {
    const next = nextPageToken === "" ? {} : { next: nextPageToken };
    const events = records.map(jsonRecord);
    await invocation.printJson({ ...about, events, ...next, ...jsonBeyond(beyond) });
    return;
  }
  const once = new CopiesOnce();
  const shown = records.filter((record) => once.isNew(record));
  if (records.length === 0) await invocation.note(`${nothing}\n`);
  else await invocation.printTable(recordColumns, shown.map(recordCells));
  if (nextPageToken !== "") {
    await invocation.note(
      `There are more: raise --limit, or go on with --after ${nextPageToken}\n`,
    );
  }
  await noteBeyond(invocation, beyond);
}
