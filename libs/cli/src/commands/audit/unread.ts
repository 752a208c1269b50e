import type { UnreadObjects } from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import type { Invocation } from "../../invocation.ts";
import { printable } from "../../output/table.ts";

/** Tells people which objects of the archive were not read, and what to do about it. */
export async function noteUnread(
  invocation: Invocation,
  unread: readonly UnreadObjects[],
): Promise<void> {
  for (const { cluster, why, objects, first, last, message } of unread) {
    const count = `${objects} object${objects === 1n ? "" : "s"} of the archive`;
    const reason = printable((reasons[why] ?? (() => message))(message));
    await invocation.note(
      `${printable(cluster)}: ${count} (records ${first} to ${last}) not read: ${reason}\n`,
    );
  }
}

const reasons: Readonly<Record<string, (message: string) => string>> = {
  "hot-only": () => "--hot-only.",
  "no-archive": () => "the auditor was given no archive (HOLDFAST_S3_BUCKET).",
  frozen: () =>
    "in Glacier. Order them back, which holdfast audit archived says how to, and ask again.",
  restoring: () => "ordered back from Glacier, and not there yet. Ask again in some hours.",
  unavailable: (message) => `the archive did not give them: ${message}`,
  damaged: (message) => `damaged. ${message}`,
};

/** The same in JSON. */
export function jsonUnread(unread: readonly UnreadObjects[]): object[] {
  return unread.map(({ cluster, ...rest }) => ({ chain: cluster, ...rest }));
}
