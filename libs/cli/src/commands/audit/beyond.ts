import type {
  ArchivedObject,
  Beyond,
  LostHistory,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { isoMoment, printMoment } from "../../input/moment.ts";
import type { Invocation } from "../../invocation.ts";
import { printable } from "../../output/table.ts";

/** Tells people of what the time asked for has no record anywhere. */
export async function noteNeverRecorded(
  invocation: Invocation,
  beyond: Beyond | undefined,
): Promise<void> {
  const { beginsAtMs = 0n, lost = [] } = beyond ?? {};
  if (beginsAtMs > 0n) {
    const since = printMoment(Number(beginsAtMs));
    await invocation.note(`The record begins at ${since} UTC: what was before is not known.\n`);
  }
  for (const { region, shard, fromMs, toMs, missingFrom, missingTo } of lost) {
    const from = fromMs === 0n ? "" : `from ${printMoment(Number(fromMs))} `;
    await invocation.note(
      `History is missing: what happened in ${printable(shard)} of ${printable(region)} ${from}to ` +
        `${printMoment(Number(toMs))} UTC (revisions ${missingFrom} to ${missingTo}) is not known.\n`,
    );
  }
}

/** Tells people that a part of the answer lies in the archive, or nowhere. */
export async function noteBeyond(
  invocation: Invocation,
  beyond: Beyond | undefined,
): Promise<void> {
  await noteNeverRecorded(invocation, beyond);
  const { objects = [], more = false, hotFromMs = 0n } = beyond ?? {};
  const [first, last] = [objects[0], objects.at(-1)];
  if (first === undefined || last === undefined) return;
  const where =
    hotFromMs === 0n
      ? "The hot store is empty: all of it lies"
      : `Before ${printMoment(Number(hotFromMs))} UTC it lies`;
  const count = `${objects.length}${more ? " or more" : ""} object${objects.length === 1 ? "" : "s"}`;
  await invocation.note(
    `${where} in the archive: ${count}, ${first.day} to ${last.day}. They are listed, ` +
      `and how to restore them, by: holdfast audit archived --from ${first.day}. ` +
      `Their records are told by: holdfast audit export --from ${first.day}\n`,
  );
}

/** The same in JSON. */
export function jsonBeyond(beyond: Beyond | undefined): Record<string, unknown> {
  const { objects = [], more = false, hotFromMs = 0n, beginsAtMs = 0n, lost = [] } = beyond ?? {};
  return {
    ...(beginsAtMs === 0n ? {} : { recordFrom: isoMoment(Number(beginsAtMs)) }),
    ...(lost.length === 0 ? {} : { lost: lost.map(jsonLost) }),
    archive: {
      ...(hotFromMs === 0n ? {} : { hotFrom: isoMoment(Number(hotFromMs)) }),
      objects: objects.map(jsonObject),
      more,
    },
  };
}

function jsonLost({ fromMs, toMs, ...rest }: LostHistory): Record<string, unknown> {
  const from = fromMs === 0n ? {} : { from: isoMoment(Number(fromMs)) };
  return { ...rest, ...from, to: isoMoment(Number(toMs)) };
}

/** An archived object in JSON. */
export function jsonObject(object: ArchivedObject): Record<string, unknown> {
  const { sha256, lastHash, archivedAtMs, ...rest } = object;
  return {
    ...rest,
    sha256: Buffer.from(sha256).toString("hex"),
    lastHash: Buffer.from(lastHash).toString("hex"),
    archivedAt: isoMoment(Number(archivedAtMs)),
  };
}
