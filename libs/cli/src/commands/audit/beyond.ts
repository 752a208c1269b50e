import type {
  ArchivedObject,
  Beyond,
} from "@holdfast/api/generated/holdfast/audit/v1/audit_service";
import { isoMoment, printMoment } from "../../input/moment.ts";
import type { Invocation } from "../../invocation.ts";

/** Tells people that a part of the answer lies in the archive, or nowhere. */
export async function noteBeyond(
  invocation: Invocation,
  beyond: Beyond | undefined,
): Promise<void> {
  const { objects = [], more = false, hotFromMs = 0n, beginsAtMs = 0n } = beyond ?? {};
  if (beginsAtMs > 0n) {
    const since = printMoment(Number(beginsAtMs));
    await invocation.note(`The record begins at ${since} UTC: what was before is not known.\n`);
  }
  const [first, last] = [objects[0], objects.at(-1)];
  if (first === undefined || last === undefined) return;
  const where =
    hotFromMs === 0n
      ? "The hot store is empty: all of it lies"
      : `Before ${printMoment(Number(hotFromMs))} UTC it lies`;
  const count = `${objects.length}${more ? " or more" : ""} object${objects.length === 1 ? "" : "s"}`;
  await invocation.note(
    `${where} in the archive: ${count}, ${first.day} to ${last.day}. They are listed, ` +
      `and how to restore them, by: holdfast audit archived --from ${first.day}\n`,
  );
}

/** The same in JSON. */
export function jsonBeyond(beyond: Beyond | undefined): Record<string, unknown> {
  const { objects = [], more = false, hotFromMs = 0n, beginsAtMs = 0n } = beyond ?? {};
  return {
    ...(beginsAtMs === 0n ? {} : { recordFrom: isoMoment(Number(beginsAtMs)) }),
    archive: {
      ...(hotFromMs === 0n ? {} : { hotFrom: isoMoment(Number(hotFromMs)) }),
      objects: objects.map(jsonObject),
      more,
    },
  };
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
