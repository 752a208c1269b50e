import { utf8 } from "@holdfast/base/bytes";
import { genesis } from "@holdfast/core/audit/chain";
import { journalKey } from "@holdfast/core/lock/keys";
import { expect, test } from "vitest";
import type { ShardStore } from "../ports/shard-store.ts";
import { startJournalRig } from "../testing/start-journal-rig.ts";
import { encodeCheckpoint, firstCheckpoint } from "./checkpoint.ts";
import { writtenHead } from "./written-head.ts";

test("is that of the checkpoint; where it cannot be read, that is said", async () => {
  const { store } = await startJournalRig();
  const keep = (value: Uint8Array) =>
    store.commit({
      compares: [],
      success: [{ kind: "put", key: journalKey, value, lease: 0n }],
      failure: [],
    });
  const none = { writtenProblem: "" };
  expect(await writtenHead(store)).toEqual(none);
  const first = firstCheckpoint("c");
  await keep(encodeCheckpoint(first));
  expect(await writtenHead(store)).toEqual(none);
  const head = { ...genesis("c"), sequence: 7n };
  const done = { ...first.done, revision: 9n, head };
  // It may have appended more, and does not know.
  const intended = { revision: 12n, head: { ...head, sequence: 9n } };
  await keep(encodeCheckpoint({ done, intended }));
  expect(await writtenHead(store)).toEqual({ written: head, writtenProblem: "" });
  await keep(utf8("of a newer version"));
  expect(await writtenHead(store)).toEqual({
    writtenProblem: "the journal's checkpoint is of a newer version, or damaged",
  });
  const away = { range: async () => ({ kind: "unavailable", message: "no quorum" }) };
  expect(await writtenHead(away as unknown as ShardStore)).toEqual({ writtenProblem: "no quorum" });
});
