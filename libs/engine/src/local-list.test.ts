import { expect, test } from "vitest";
import { faultyStore } from "./testing/faulty-store.ts";
import { call, TestRegion } from "./testing/region.ts";

test("a page of holders with all the metadata they may have fits a message, and the next goes on", async () => {
  const here = new TestRegion(2);
  await here.start();
  const session = await here.open();
  const metadata = { note: "x".repeat(4_000) };
  for (let index = 0; index < 600; index++) {
    const lock = { region: "here", namespace: "default", name: `n${index}` };
    await here.grant({ session, lock, metadata });
  }
  const names = new Set<string>();
  let pageToken = "";
  do {
    const query = { region: "here", namespace: "default", prefix: "n", pageSize: 1_000, pageToken };
    const page = await here.router().list(query, call());
    if (page.kind !== "page") throw new Error(page.message);
    expect(page.locks.length).toBeLessThan(300);
    for (const { lock } of page.locks) names.add(lock.name);
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  expect(names.size).toBe(600);
});

test("a page read in parts is of the revision of the first: what changed since may be missing", async () => {
  const read: bigint[] = [];
  let between: (() => Promise<unknown>) | undefined;
  const here = new TestRegion(1, (store) => ({
    ...faultyStore(store, { reads: false, revokes: false }),
    range: async (range) => {
      const reply = await store.range(range);
      if (reply.kind === "read" && range.key.startsWith("x/")) {
        read.push(reply.revision);
        await between?.();
      }
      return reply;
    },
  }));
  await here.start();
  const session = await here.open();
  const grant = (name: string) =>
    here.grant({ session, lock: { region: "here", namespace: "default", name } });
  for (let index = 0; index < 600; index++) await grant(`n${index}`);
  let more = 0;
  between = () => grant(`more${more++}`);
  const query = { region: "here", namespace: "default", prefix: "n", pageSize: 1_000 };
  const page = await here.locals[0]?.listSeen({ ...query, pageToken: "" });
  if (page === undefined || "kind" in page) throw new Error("no page");
  expect(read.length).toBe(2);
  expect(read[1]).toBeGreaterThan(read[0] ?? 0n);
  expect(page.seen).toEqual(new Map([["s0", read[0]]]));
});
