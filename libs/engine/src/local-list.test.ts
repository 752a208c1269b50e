import { expect, test } from "vitest";
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
